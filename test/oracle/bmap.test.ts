import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { type BmapSink, createBmapSink } from '../../src/outputs/bmap-sink.js'
import { RawSink } from '../../src/outputs/raw-sink.js'
import { INLINE_THREADS } from '../../src/outputs/threads.js'
import { weave } from '../../src/outputs/weave.js'
import { withLoopDevice } from '../support/loop-device.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'
import { assertSameBytes, specifiedBlocks, variedImage, writtenOver } from '../support/varied-image.js'

const BLOCK_BYTES = 4096
const USED = 0xd1
const folder = scratchFolder()
const image = variedImage(40 * 2 ** 20)
/** Ends within a block: its last range ends with the image. */
const ragged = variedImage(40 * 2 ** 20 + 1536)

async function write(name: string, content: typeof image): Promise<{ raw: string; bmap: string; text: string }> {
  const raw = join(folder, name)
  const bmap = `${raw}.bmap`
  const sink: BmapSink = await createBmapSink(bmap, content, {}, INLINE_THREADS)
  await weave(content, [await RawSink.create(raw, content.sizeBytes, 0), sink], INLINE_THREADS)
  return { raw, bmap, text: sink.text }
}

let whole: Awaited<ReturnType<typeof write>>
let cut: Awaited<ReturnType<typeof write>>
beforeAll(async () => {
  whole = await write('whole.img', image)
  cut = await write('cut.img', ragged)
})

describeWithTools('the bmap, by bmaptool', ['bmaptool', 'sha256sum'], () => {
  it('copies to a file: every sum is right, the last block in part too', () => {
    for (const { raw, text, bmap } of [whole, cut]) {
      expect(readFileSync(bmap, 'utf8')).toBe(text)
      const target = `${raw}.copied`
      tool('bmaptool', 'copy', '--bmap', bmap, raw, target)
      assertSameBytes(readFileSync(target), readFileSync(raw))
    }
  })

  it('is refused when one digit of it, or one byte of the image, is another', () => {
    const target = join(folder, 'refused')
    const wrong = join(folder, 'wrong.bmap')
    writeFileSync(wrong, whole.text.replace('<Range', '<Range '))
    expect(runTool('bmaptool', ['copy', '--bmap', wrong, whole.raw, target])).toMatchObject({ status: 1 })
    const damaged = join(folder, 'damaged.img')
    const bytes = readFileSync(whole.raw)
    bytes[20 * 2 ** 20]! ^= 1
    writeFileSync(damaged, bytes)
    const { status, stderr } = runTool('bmaptool', ['copy', '--bmap', whole.bmap, damaged, target])
    expect([status, stderr]).toEqual([1, expect.stringContaining('checksum mismatch')])
  })

  it('maps exactly the blocks in which something is specified, zeros included', () => {
    const mapped = new Array<boolean>(image.sizeBytes / BLOCK_BYTES).fill(false)
    let before = -1
    for (const [, first, last] of whole.text.matchAll(/> (\d+)(?:-(\d+))? <\/Range>/g)) {
      expect(Number(first)).toBeGreaterThan(before)
      before = Number(last ?? first)
      mapped.fill(true, Number(first), before + 1)
    }
    expect(mapped).toEqual(specifiedBlocks(image, BLOCK_BYTES))
    expect(whole.text).toContain(`<MappedBlocksCount> ${mapped.filter(Boolean).length} <`)
    expect(cut.text).toContain(`<BlocksCount> ${image.sizeBytes / BLOCK_BYTES + 1} <`)
  })
})

describeWithTools(
  'the bmap on a used medium',
  ['bmaptool', 'losetup'],
  () => {
    it('bmaptool writes every mapped block and no other', () => {
      const medium = join(folder, 'medium')
      writeFileSync(medium, Buffer.alloc(image.sizeBytes, USED))
      withLoopDevice(medium, 512, (device) => tool('bmaptool', 'copy', '--bmap', whole.bmap, whole.raw, device))
      assertSameBytes(readFileSync(medium), writtenOver(image, BLOCK_BYTES, USED))
    })
  },
  { root: true },
)
