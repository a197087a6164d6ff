-- Ends and lines of texts by plain searches: a pattern that ends in `$` is tried again at every place, which takes the
-- square of a long line's length.
local plain_text = {}

--- Without blanks and line breaks at its end.
function plain_text.trim_right(text)
  local back = text:reverse():find("%S")
  return back and text:sub(1, #text - back + 1) or ""
end

--- Without blanks and line breaks at both ends.
function plain_text.trim(text)
  local first = text:find("%S")
  return first and plain_text.trim_right(text:sub(first)) or ""
end

--- Calls each(line, is_ended) with every line, without its line break; a text that ends in one has no line behind it.
function plain_text.each_line(text, each)
  local from = 1
  while from <= #text do
    local last = text:find("\n", from, true)
    each(text:sub(from, (last or 0) - 1), last ~= nil)
    from = (last or #text) + 1
  end
end

--- The last line that is not blank; nil where there is none.
function plain_text.last_line(text)
  local trimmed = plain_text.trim_right(text)
  if trimmed == "" then return nil end
  local back = trimmed:reverse():find("\n", 1, true)
  return back and trimmed:sub(#trimmed - back + 2) or trimmed
end

return plain_text
