import { describe, expect, it } from 'vitest'
import { chooseFeatures, featureWord, listFeatures } from './features.js'
import type { ExtFormatOptions } from './options.js'

const words = (options: ExtFormatOptions): string[] => {
  const features = chooseFeatures(options)
  return (['compat', 'incompat', 'ro_compat'] as const).map((word) => featureWord(features, word).toString(16))
}

describe('profiles', () => {
  // The words of dumpe2fs for mke2fs 1.47.0 with Debian 12's mke2fs.conf.
  it.each<[ExtFormatOptions, string[]]>([
    [{ type: 'ext4' }, ['3c', '2c2', '46b']],
    [{ type: 'ext4', profile: 'default' }, ['3c', '2c2', '46b']],
    [{ type: 'ext4', profile: 'modern' }, ['103c', '22c2', '46b']],
    [{ type: 'ext4', profile: 'u-boot' }, ['1c', '242', '6b']],
    [{ type: 'ext4', profile: 'kernel-3.10' }, ['3c', '2c2', '7b']],
    [{ type: 'ext3' }, ['3c', '2', '3']],
    [{ type: 'ext2' }, ['38', '2', '3']],
  ])('%j', (options, expected) => {
    expect(words(options)).toEqual(expected)
  })

  it('single features on top, as mke2fs -O takes them', () => {
    const listed = (features: string[], more: Partial<ExtFormatOptions> = {}) =>
      listFeatures(chooseFeatures({ type: 'ext4', features, ...more })).join(' ')
    expect(listed(['none,extents', 'filetype'])).toBe('filetype extent')
    expect(listed(['^metadata_csum gdt_csum'])).toContain('uninit_bg')
    expect(listed(['uninit_bg'])).not.toContain('uninit_bg')
    expect(listed(['^has_journal'], { profile: 'modern' })).not.toContain('orphan_file')
    expect(listed([], { journal_size: 0 })).not.toContain('has_journal')
    expect(listed(['^has_journal'], { journal_size: 8 << 20 })).toContain('has_journal')
  })

  it.each<[ExtFormatOptions, RegExp]>([
    [
      { type: 'ext4', features: ['bigalloc'] },
      /^Cannot make ext4 with feature "bigalloc": diskloom does not write it, accepted are/,
    ],
    [
      { type: 'ext4', features: ['^warp'] },
      /^Cannot make ext4 with feature "warp": no such feature, accepted are has_journal/,
    ],
    [{ type: 'ext4', features: ['constructor'] }, /"constructor": no such feature/],
    [{ type: 'ext4', profile: 'lilo' }, /^Cannot make ext4 with profile "lilo": no such profile, accepted are ext2/],
    [{ type: 'ext4', profile: 'toString' }, /"toString": no such profile/],
    [{ type: 'ext2', profile: 'modern' }, /^Cannot make ext2 with profile "modern": the profile is for ext4$/],
    [{ type: 'ext4', features: ['^extent'] }, /feature "64bit": it needs "extent"/],
    [{ type: 'ext2', features: ['metadata_csum_seed'] }, /"metadata_csum_seed": it needs "metadata_csum"/],
    [{ type: 'ext2', features: ['orphan_file'] }, /"orphan_file": it needs "has_journal"/],
    [{ type: 'ext4', features: ['meta_bg'] }, /"meta_bg": it excludes "resize_inode"/],
  ])('refuses %j', (options, message) => {
    expect(() => chooseFeatures(options)).toThrow(message)
  })
})
