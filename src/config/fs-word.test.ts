import { describe, expect, it } from 'vitest'
import { meantFileSystemWord, parseFileSystemWord } from './fs-word.js'

describe('parseFileSystemWord', () => {
  it.each([
    ['ext4', { kind: 'format', type: 'ext4' }],
    ['vfat', { kind: 'format', type: 'fat' }],
    ['fat16/boot', { kind: 'format', type: 'fat16', folder: 'boot' }],
    ['ext4/program', { kind: 'format', type: 'ext4', folder: 'program' }],
    ['ext4/a/b/', { kind: 'format', type: 'ext4', folder: 'a/b/' }],
    ['ext4//srv/root', { kind: 'format', type: 'ext4', folder: '/srv/root' }],
    ['ext4/..', { kind: 'format', type: 'ext4', folder: '..' }],
    ['squashfs/root', { kind: 'format', type: 'squashfs', folder: 'root' }],
    ['swap', { kind: 'format', type: 'swap' }],
    ['boot.img', { kind: 'raw', path: 'boot.img' }],
    ['ext4.img', { kind: 'raw', path: 'ext4.img' }],
    ['./ext4/x', { kind: 'raw', path: './ext4/x' }],
    ['./ext4', { kind: 'raw', path: './ext4' }],
    ['images/ext4', { kind: 'raw', path: 'images/ext4' }],
    ['swap.bin', { kind: 'raw', path: 'swap.bin' }],
    ['my file', { kind: 'raw', path: 'my file' }],
  ])('reads %j', (text, expected) => {
    expect(parseFileSystemWord(text)).toEqual(expected)
  })

  it.each([
    ['ext4/', '"ext4/" names no folder after the /', 'Write "ext4" for an empty volume, "ext4/." for this folder'],
    [
      'EXT4/program',
      '"EXT4/program" is not in lower case',
      'Did you mean "ext4/program"? A raw file of that name is written ./EXT4/program',
    ],
    [
      'ubi/root',
      '"ubi/root" would put files into UBI, which holds volumes',
      'For a volume with the content of root: volumes: [{ name: NAME, fs: ubifs/root }]',
    ],
    ['swap/files', '"swap/files" would put files into swap', undefined],
    ['ntfs', 'ntfs is no format that diskloom writes', 'A raw file of that name is written ./ntfs'],
    [
      'none',
      '"none" is no file system',
      'Leave fs out for a partition without one. A raw file of that name is written ./none',
    ],
    ['', 'it is empty', undefined],
  ])('refuses %j', (text, what, hint) => {
    expect(parseFileSystemWord(text)).toMatchObject({ what, hint })
  })
})

describe('meantFileSystemWord', () => {
  it.each([
    ['ext44', 'ext4'],
    ['etx4', 'ext4'],
    ['fat3', 'fat'],
    ['ext4.img', undefined],
    ['flat', undefined],
    ['kernel', undefined],
    ['u-boot', undefined],
  ])('%j → %j', (path, meant) => {
    expect(meantFileSystemWord(path)).toBe(meant)
  })
})
