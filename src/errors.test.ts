import { expect, it } from 'vitest'
import { errnoOf, IoError, systemReason } from './errors.js'

const systemError = (code: string) => Object.assign(new Error(`${code}: as Node says it, open '/a'`), { code })

it.each<[unknown, string]>([
  [systemError('EACCES'), 'permission denied'],
  [systemError('ENOENT'), 'its folder does not exist'],
  [systemError('EIO'), "EIO: as Node says it, open '/a'"],
  [new IoError('Cannot read "a": it ends'), 'Cannot read "a": it ends'],
  [new Error('a bug'), 'a bug'],
  ['a word', 'a word'],
])('%s is told as "%s" where ENOENT is the folder’s', (error, reason) => {
  expect(systemReason(error, { ENOENT: 'its folder does not exist' })).toBe(reason)
})

it('the code of an error of ours is no errno', () => {
  expect(errnoOf(systemError('EIO'))).toBe('EIO')
  expect(errnoOf(new IoError('Cannot read "a"'))).toBeUndefined()
})
