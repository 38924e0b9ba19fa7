#!/usr/bin/env python3
"""Makes the trees of the file-system bench. What is generated comes from a seeded generator and is the same everywhere; the
root file system is copied from this machine by a fixed list of folders, up to a budget.

usage: make-trees.py FOLDER [many|flat|alike|rootfs|big ...]      (default: all)
A tree that is already complete is not made again.
"""
import os
import random
import shutil
import stat
import subprocess
import sys

MTIME = 1767225600
MANY_FOLDERS, MANY_EACH = 1000, 100
FLAT_FILES = 50_000
ALIKE_FILES = 2000
BIG_BYTES = 2 << 30
ROOTFS_BYTES, ROOTFS_FILE_BYTES = 1_040_000_000, 48 << 20
ROOTFS_FOLDERS = [
    *("etc", "usr/bin", "usr/lib/python3", "usr/lib/python3.11", "usr/lib/git-core", "usr/lib/udev", "usr/lib/systemd"),
    *("usr/lib/node_modules", "usr/share", "usr/include", "usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu"),
]


def generator(name):
    return random.Random(f"diskloom bench {name}")


def write_small_files(root, names, tag):
    """Files of 0 to 4 KiB, 1 KiB on average, half of them text-like."""
    chance = generator(tag)
    pool = bytes(chance.choices(b"abcdefgh 0123456789\n", k=1 << 20)) + chance.randbytes(1 << 20)
    made = set()
    for name in names:
        path = f"{root}/{name}"
        folder = os.path.dirname(path)
        if folder not in made:
            os.makedirs(folder, exist_ok=True)
            made.add(folder)
        size, offset = int(4097 * chance.random() ** 3), chance.randrange(len(pool) - 4096)
        with open(path, "wb") as file:
            file.write(pool[offset : offset + size])


def make_many(root):
    names = (f"d{d:03d}/file{f:02d}.txt" for d in range(MANY_FOLDERS) for f in range(MANY_EACH))
    write_small_files(root, names, "many")


def make_flat(root):
    # Upper-case 8.3 names: the only kind of which a FAT folder takes 50,000.
    write_small_files(root, (f"F{f:05d}.DAT" for f in range(FLAT_FILES)), "flat")


def make_alike(root):
    write_small_files(root, (f"alongername_{f:05d}_of_many.txt" for f in range(ALIKE_FILES)), "alike")


def make_big(root):
    os.makedirs(root)
    chance = generator("big")
    with open(f"{root}/big.bin", "wb") as file:
        for _ in range(BIG_BYTES >> 24):
            file.write(chance.randbytes(1 << 24))


def make_rootfs(root):
    total, chosen = 0, []
    for top in ROOTFS_FOLDERS:
        for parent, folders, files in os.walk(f"/{top}"):
            folders.sort()
            links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
            for name in sorted(files) + links:
                path = os.path.join(parent, name)
                try:
                    status = os.lstat(path)
                except OSError:
                    continue
                if stat.S_ISLNK(status.st_mode):
                    chosen.append(path)
                elif stat.S_ISREG(status.st_mode) and status.st_size <= ROOTFS_FILE_BYTES:
                    if total + status.st_size <= ROOTFS_BYTES:
                        total += status.st_size
                        chosen.append(path)
    os.makedirs(root)
    names = b"\0".join(os.fsencode(path.lstrip("/")) for path in chosen)
    pack = subprocess.Popen(["tar", "-C", "/", "--null", "-T", "-", "-cf", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    unpack = subprocess.Popen(["tar", "-C", root, "-xpf", "-"], stdin=pack.stdout)
    pack.stdin.write(names)
    pack.stdin.close()
    if unpack.wait() != 0 or pack.wait() != 0:
        sys.exit("copying the root file system failed")


def settle(root):
    for parent, folders, files in os.walk(root, topdown=False):
        for name in folders + files:
            os.utime(os.path.join(parent, name), (MTIME, MTIME), follow_symlinks=False)
    os.utime(root, (MTIME, MTIME))


TREES = {"many": make_many, "flat": make_flat, "alike": make_alike, "rootfs": make_rootfs, "big": make_big}


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for name in sys.argv[2:] or TREES:
        root = f"{sys.argv[1]}/tree-{name}"
        if os.path.exists(root):
            continue
        shutil.rmtree(f"{root}.part", ignore_errors=True)
        TREES[name](f"{root}.part")
        settle(f"{root}.part")
        os.rename(f"{root}.part", root)


main()
