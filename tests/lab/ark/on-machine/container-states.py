"""How the containers of a machine differ from their run scripts. Usage: container-states.py FOLDER

A line "NAME|STATE|POLICY|DIFFERENCES" for each container; the differences from FOLDER/NAME.sh are empty
when it was made as that says. Compared is what the script asks for: image, arguments, labels (the probe is one), mounts,
network and address; and its variables, of which the image adds some. The limit of memory is not: not every engine has it.
"""

import json
import os
import shlex
import subprocess
import sys


def words_after(words, *options):
    """The values of these options, as "-l VALUE" or "--ip=VALUE"."""
    values = []
    for at, word in enumerate(words):
        for option in options:
            if word == option:
                values.append(words[at + 1])
            elif word.startswith(option + "="):
                values.append(word[len(option) + 1 :])
    return values


def options_and_rest(words):
    """What is left of the image, and the image with its arguments. Every option of one dash has a value behind it."""
    at = 0
    while words[at].startswith("-"):
        at += 1 if words[at].startswith("--") else 2
    return words[:at], words[at:]


def mount_of(volume):
    source, target, *mode = volume.split(":")
    return source, target, mode != ["ro"]


def asked_for(script):
    with open(script, encoding="utf-8") as file:
        words = shlex.split(file.read().replace("\\\n", " "), comments=True)
    # exec docker run -d
    options, (image, *arguments) = options_and_rest(words[4:])
    return {
        "image": image,
        "arguments": arguments,
        "labels": dict(label.split("=", 1) for label in words_after(options, "-l")),
        "mounts": sorted(mount_of(volume) for volume in words_after(options, "-v")),
        "network": words_after(options, "--net")[0],
        "address": (words_after(options, "--ip") or [""])[0],
        "variables": sorted(words_after(options, "-e")),
    }


def is_like(container, variables):
    networks = container["NetworkSettings"]["Networks"]
    addresses = [(network.get("IPAMConfig") or {}).get("IPv4Address", "") for network in networks.values()]
    config = container["Config"]
    return {
        "image": config["Image"],
        "arguments": config["Cmd"] or [],
        "labels": config["Labels"] or {},
        "mounts": sorted((mount["Source"], mount["Destination"], mount["RW"]) for mount in container["Mounts"]),
        "network": " ".join(sorted(networks)),
        "address": " ".join(addresses),
        "variables": [variable for variable in variables if variable in config["Env"]],
    }


def differences(container, script):
    if not os.path.exists(script):
        return []
    asked = asked_for(script)
    is_now = is_like(container, asked["variables"])
    return [what for what in asked if asked[what] != is_now[what]]


def docker(*words):
    return subprocess.run(["docker", *words], stdout=subprocess.PIPE, check=True, text=True).stdout


def main(folder):
    names = docker("ps", "-aq").split()
    for container in json.loads(docker("inspect", *names)) if names else []:
        name = container["Name"].lstrip("/")
        found = differences(container, os.path.join(folder, name + ".sh"))
        policy = container["HostConfig"]["RestartPolicy"]["Name"]
        print(name, container["State"]["Status"], policy, ", ".join(found), sep="|")


main(sys.argv[1])
