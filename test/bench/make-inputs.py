#!/usr/bin/env python3
"""Makes the payload of the bench's main job: 16 MB of boot image and 60 MB of application folder.

What is generated comes from a seeded generator and is the same everywhere. The executables and libraries of the folder
are copied from this machine, since only real ones compress like real ones; a budget bounds them.

usage: make-inputs.py FOLDER
"""
import os
import random
import shutil
import sys

MTIME = 1767225600  # 2026-01-01: all files are of one age, so that images can be compared
ELF_BUDGET = 24_000_000  # for programs, and again for libraries
ELF_MOST = 7_500_000
WORDS = (
    "sector image kernel partition table offset block inode journal extent bitmap group label mount write read zero "
    "sparse hole flash card config value true false null string number array enable timeout retry address gateway "
    "interface camera sensor motor valve pump level alarm channel period device driver firmware bundle release"
).split()


def generator(name):
    return random.Random(f"diskloom bench {name}")


def text(name, size):
    """Lines of words and numbers, as settings and tables have them."""
    chance, lines, length = generator(name), [], 0
    while length < size:
        lines.append(f"{' '.join(chance.choices(WORDS, k=chance.randint(4, 14)))} {chance.randint(0, 99999)}\n")
        length += len(lines[-1])
    return "".join(lines).encode()[:size]


def noise(name, size):
    return generator(name).randbytes(size)


def put(path, content, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, mode)


def link(path, target):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.symlink(target, path)


def elves(folders):
    """Executables and libraries of the machine by name, up to the budget: (name, content)."""
    left, seen = ELF_BUDGET, set()
    for folder in folders:
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            path = os.path.join(folder, name)
            if name in seen or os.path.islink(path) or not os.path.isfile(path):
                continue
            size = os.path.getsize(path)
            # Large ones first of all: a firmware has few and big programs, and 100 files in all is the aim.
            if not 400_000 <= size <= min(ELF_MOST, left) or not os.access(path, os.R_OK):
                continue
            with open(path, "rb") as file:
                content = file.read()
            if content[:4] == b"\x7fELF":
                seen.add(name)
                left -= size
                yield name, content


def make_blobs(folder):
    # A boot image: a short structured head, code that does not compress, a gap between its two parts, an odd length.
    head, gap, size = b"ANDROID!" + text("boot head", 4088), 262_144, 15_794_031
    body = noise("boot", size - len(head) - gap)
    half = len(body) // 2
    put(f"{folder}/boot.img", head + body[:half] + bytes(gap) + body[half:])
    put(f"{folder}/u-boot_AutoBoot.bin", noise("u-boot", 470_000) + text("u-boot strings", 64_896))
    put(f"{folder}/bootimg_AutoBoot.bin", noise("bootimg", 8_000) + bytes(3_504))
    put(f"{folder}/spi_part.cfg", b"boot 0x0 0x4000\nu-boot 0x4000 0x84000\nenv 0x88000 0x2000\nend 0x0 0x0\n")


def make_program(folder):
    for name, content in elves(["/usr/bin", "/usr/sbin"]):
        put(f"{folder}/bin/{name}", content, 0o755)
    for name, content in elves([f"/usr/lib/{triple}" for triple in sorted(os.listdir("/usr/lib")) if "-linux-" in triple]):
        put(f"{folder}/lib/{name}", content, 0o755)
        link(f"{folder}/lib/{name.split('.so')[0]}-current.so", name)
    for index in range(12):
        put(f"{folder}/etc/service{index:02d}.conf", text(f"conf {index}", 200 + 331 * index))
        put(f"{folder}/share/www/page{index:02d}.html", text(f"page {index}", 3_000 + 9_973 * index))
    for index in range(8):
        put(f"{folder}/share/i18n/lang{index:02d}.json", text(f"lang {index}", 90_000 + 7_001 * index))
    for index in range(10):
        put(f"{folder}/share/assets/picture{index:02d}.png", b"\x89PNG\r\n\x1a\n" + noise(f"png {index}", 40_000 + 61_007 * index))
    for index in range(4):
        put(f"{folder}/share/db/table{index}.csv", text(f"table {index}", 1_500_000 + 400_009 * index))
    put(f"{folder}/etc/init.d/S99app", b"#!/bin/sh\nexec /program/bin/app\n", 0o755)
    link(f"{folder}/log", "/data/log")


def settle(folder):
    for parent, folders, files in os.walk(folder, topdown=False):
        for name in folders + files:
            os.utime(os.path.join(parent, name), (MTIME, MTIME), follow_symlinks=False)
    os.utime(folder, (MTIME, MTIME))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = sys.argv[1]
    shutil.rmtree(folder, ignore_errors=True)
    make_blobs(folder)
    make_program(f"{folder}/program")
    settle(folder)


main()
