/** The folders that the families are filled from. */
import { mkdirSync } from 'node:fs'
import { tool } from '../oracle.js'

const EXT = `
mkdir names; for i in $(seq 300); do echo $i > "names/name-$i-größe"; done
head -c 700000 /dev/zero | openssl enc -aes-128-ctr -K 00 -iv 00 2>/dev/null > large
echo hello > small; : > empty
for n in 59 60 61 100 150; do head -c $n large > s$n; done
truncate -s 3M sparse; printf data | dd of=sparse bs=1 seek=1500000 conv=notrunc status=none; printf begin | dd of=sparse bs=1 conv=notrunc status=none
truncate -s 200K hole; truncate -s 100000 holefirst; echo e >> holefirst
ln large link; ln -s small sym; ln -s $(printf 'x%.0s' $(seq 59)) sym59; ln -s $(printf 'x%.0s' $(seq 60)) sym60; ln -s $(printf 'xy/%.0s' $(seq 300)) sym900
D=deep; for i in $(seq 40); do D=$D/level$i; done; mkdir -p $D; echo bottom > $D/file
mkfifo pipe; chmod 4755 small; chmod 1777 names
if [ $(id -u) = 0 ]; then mknod null c 1 3; mknod disk b 259 70000; else : > null; fi
for i in $(seq 8); do setfattr -n user.k$i -v value$i empty; done
echo a > attr; setfattr -n user.long -v $(head -c 800 /dev/zero | tr '\\0' v) attr; cp -a attr attr2
if [ $(id -u) = 0 ]; then chown 1000:1000 attr2; chown 100000:70000 s61; fi
setfattr -n system.posix_acl_access -v 0x0200000001000700ffffffff02000700e803000004000500ffffffff10000700ffffffff20000500ffffffff small
touch -d '1969-12-31 23:00' s59; touch -d '2100-01-01' s60
`

const FAT = `
mkdir -p a/b/c a/UPPER many
echo x > README.TXT; seq 90 > lower.txt; seq 1200 > Mixed.Case; : > empty
seq 1500 > 'größe und Länge.txt'; echo d > a/b/c/deep.bin; echo u > a/UPPER/x
for i in $(seq 12); do seq $((i * 30)) > "many/file number $i.dat"; done
`

/** Files of every kind, long and sparse ones, attributes, deep folders. */
export function makeExtSource(folder: string): void {
  make(folder, EXT)
}

/** Names and lengths of every kind. */
export function makeFatSource(folder: string): void {
  make(folder, FAT)
}

function make(folder: string, script: string): void {
  mkdirSync(folder)
  tool('bash', '-euc', `cd "$1"\n${script}`, 'bash', folder)
}
