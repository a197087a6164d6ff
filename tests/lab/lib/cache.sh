# Artefacts: images, templates and keys that are made once. Each has a recipe images/NAME.sh with two functions:
#   inputs        prints what it is made of: "file PATH" (below tests/lab), "artefact NAME", "package NAME"
#   make_it DIR   leaves the artefact in DIR
# It is kept in LAB_CACHE/NAME-KEY, KEY being the hash of all inputs, so that a changed recipe makes a new one.

in_recipe() (
  # shellcheck source=/dev/null
  source "$LAB_SOURCE/images/$1.sh"
  "${@:2}"
)

# without_comments PATH...: names, texts and links below these, and what may be executed. A better comment is no reason to
# make an image again; nor is another place of this folder, so the paths are relative to it.
without_comments() (
  cd "$LAB_SOURCE" || exit
  {
    find "$@" ! -type d -printf '%p %l\n'
    find "$@" -type f -perm /111 -printf '%p may be executed\n'
  } | sort
  # 1F: its name before each text.
  find "$@" -type f -print0 | sort -z | xargs -0 sed --separate -E -e 1F -e '/^[[:space:]]*#([^!]|$)/d'
)

artefact_key() {
  local inputs files=("images/$1.sh") packages=() kind what
  inputs=$(in_recipe "$1" inputs)
  {
    while read -r kind what; do
      case $kind in
        file) files+=("$what") ;;
        artefact) artefact_key "$what" ;;
        package) packages+=("$what") ;;
        *) die "images/$1.sh: unknown kind of input '$kind'" ;;
      esac
    done <<<"$inputs"
    without_comments "${files[@]}"
    ((${#packages[@]} == 0)) || dpkg-query -W -f '${Package} ${Version}\n' "${packages[@]}"
  } | sha256sum | cut -c1-16
}

artefact_dir() { echo "$LAB_CACHE/$1-$(artefact_key "$1")"; }
# artefact NAME: where this lab has it. Fixed when the lab takes it, so that an edited recipe does not mix with a lab
# that is up.
artefact() { readlink "$LAB_DIR/artefacts/$1"; }

have_artefact() { [[ -d $(artefact_dir "$1") ]]; }

artefact_inputs_of_kind() { in_recipe "$1" inputs | awk -v kind="$2" '$1 == kind { print $2 }'; }

# ensure_artefact NAME: makes it, and what it is made of, unless the cache has it. Safe to call at the same time
# from two labs: one makes, the other waits.
ensure_artefact() (
  name=$1
  mkdir -p "$LAB_CACHE"
  while read -r input; do
    ensure_artefact "$input" || exit 1
  done < <(artefact_inputs_of_kind "$name" artefact)
  dir=$(artefact_dir "$name")
  [[ ! -d $dir ]] || exit 0
  exec 8>"$LAB_CACHE/$name.lock"
  flock 8
  [[ ! -d $dir ]] || exit 0
  began=$(now)
  say "making $name (once; kept in $LAB_CACHE)"
  rm -rf "$LAB_CACHE/$name.tmp"
  mkdir -m 0755 "$LAB_CACHE/$name.tmp"
  if ! bash "$LAB_SOURCE/lib/make-artefact.sh" "$name" "$LAB_CACHE/$name.tmp" >"$LAB_CACHE/$name.log" 2>&1 8>&- </dev/null; then
    warn "$name could not be made; last lines of $LAB_CACHE/$name.log:"
    tail -n 20 "$LAB_CACHE/$name.log" >&2
    exit 1
  fi
  mv "$LAB_CACHE/$name.tmp" "$dir"
  say "made $name in $(elapsed "$began") s"
)

# prune_cache: drops artefacts whose recipe has changed since. Labs use artefacts in place, so none may run.
prune_cache() {
  local recipe name dir
  for recipe in "$LAB_SOURCE"/images/*.sh; do
    name=$(basename "$recipe" .sh)
    for dir in "$LAB_CACHE/$name"-????????????????; do
      [[ ! -d $dir || $dir == "$(artefact_dir "$name")" ]] || rm -rf "$dir"
    done
  done
}
