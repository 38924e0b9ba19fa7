/**
 * A Debian root as board builders make it, by debootstrap and mke2fs -d, with attributes on top: read as the kernel reads it,
 * and sound. Only with DISKLOOM_DEEP: debootstrap fetches and unpacks for minutes.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { openExtVolume } from '../../src/filesystems/ext4/reader/open-ext-volume.js'
import { runCommand } from '../support/diskloom.js'
import { viewFile } from '../support/ext4-reader.js'
import { expectClean, listMounted, listTree, withMount } from '../support/ext4-volume.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

/** Where this machine's own packages come from. */
const MIRROR = ['indextargets', '--format', '$(REPO_URI) $(RELEASE)', 'Identifier: Packages']
/** From entering the mirror to the last configured package. */
const BOOTSTRAP_MS = 1_800_000
const LEAST_ENTRIES = 5000

function describeDebianRoot(): void {
  describeWithTools(
    'a Debian root',
    ['debootstrap', 'apt-get', 'mke2fs', 'e2fsck', 'setcap', 'setfattr', 'getfattr', 'mount'],
    () => {
      const scratch = scratchFolder()
      const image = join(scratch, 'root.ext4')

      beforeAll(() => {
        const root = join(scratch, 'root')
        const [mirror, release] = tool('apt-get', ...MIRROR)
          .split('\n')[0]!
          .split(' ')
        const made = runTool('debootstrap', ['--variant=minbase', release!, root, mirror!])
        expect(made, made.stdout.slice(-2000)).toMatchObject({ status: 0 })
        tool('setcap', 'cap_net_raw=ep', join(root, 'usr/bin/find'))
        tool('setfattr', '-n', 'user.origin', '-v', 'debootstrap', join(root, 'etc/debian_version'))
        writeFileSync(join(root, 'root/größe'), 'x')
        tool('mke2fs', '-q', '-t', 'ext4', '-L', 'debian', '-d', root, image, '600M')
      }, BOOTSTRAP_MS)

      it('is read as the kernel reads it: paths, contents, modes, owners, times, links, devices, attributes', () => {
        expectClean(image)
        const found = listTree(openExtVolume(viewFile(image)).tree())
        expect(Object.keys(found).length).toBeGreaterThan(LEAST_ENTRIES)
        expect(found).toEqual(withMount(image, 'ro', (folder) => listMounted(folder, true)))
      })

      it('is sound to verify', () => {
        expect(runCommand(['verify', image, '--no-second-opinion'])).toMatchObject({
          status: 0,
          stdout: 'sound: the volume (ext4)\n',
          stderr: '',
        })
      })
    },
    { root: true },
  )
}

if (process.env.DISKLOOM_DEEP) describeDebianRoot()
else it.skip('a Debian root: only with DISKLOOM_DEEP')
