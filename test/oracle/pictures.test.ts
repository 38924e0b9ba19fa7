/**
 * layout.svg and layout.html, looked at in a browser at three widths, light and dark: nothing overflows, every part has its box
 * and its words, texts can be read on their grounds, and the keyboard reaches everything.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { openDisk } from '../../src/build.js'
import { pictureOfImage } from '../../src/inspect/picture-of-image.js'
import { openImage } from '../../src/inspect.js'
import { usesOf } from '../../src/pictures/disk-picture.js'
import { pictureOfPlan } from '../../src/pictures/picture-of-plan.js'
import { importPackage } from '../support/diskloom.js'
import { describeWithTools, runTool, scratchFolder } from '../support/oracle.js'

const scratch = scratchFolder()
const WIDTHS = [360, 768, 1280] as const
const NAME = 'disk & <co>.img'

/** Small and large partitions, long and foreign names, a blob, gaps, folders. */
const CONFIG = `image: "${NAME}"
size: 3GiB
source_date_epoch: 1700000000
partitions:
  - { name: spl, fs: spl.bin, start: 64KiB, in_table: false }
  - { name: env, size: 64KiB, start: 1MiB }
  - { name: boot & "esp", fs: fat32, size: 40MiB, content: tree }
  - { name: a partition with a rather long, fs: ext4, size: 200MiB, content: tree }
  - { name: 数据分区, fs: ext4, size: 1GiB }
  - { name: data, fs: ext4, start: 1500MiB, size: rest }
`

beforeAll(async () => {
  for (const [folder, bytes] of Object.entries({
    'usr/lib': 3_000_000,
    'usr/share/doc': 1_000_000,
    'etc/init.d': 400_000,
    opt: 500_000,
  })) {
    mkdirSync(join(scratch, 'tree', folder), { recursive: true })
    writeFileSync(join(scratch, 'tree', folder, 'file'), new Uint8Array(bytes).fill(7))
  }
  writeFileSync(join(scratch, 'spl.bin'), new Uint8Array(30_000).fill(1))
  writeFileSync(join(scratch, 'a.yaml'), CONFIG)
  const { build } = await importPackage()
  await build({ config: join(scratch, 'a.yaml'), out: join(scratch, 'out'), outputs: ['raw', 'html'], environment: {} })
  for (const name of ['layout.html', 'layout.svg']) copyFileSync(join(scratch, 'out', NAME, name), join(scratch, name))
})

/** Runs in the browser: what a page of this width looks like. The page is in an iframe, which can be as narrow as a phone. */
const LOOK = `
function luminance(color) {
  const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((c) => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4 })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
function ground(element, view) {
  for (let at = element; at; at = at.parentElement) {
    const color = view.getComputedStyle(at).backgroundColor
    if (!/, 0\\)$|transparent/.test(color)) return color
  }
  return 'rgb(255, 255, 255)'
}
function contrast(a, b) { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05) }
function look(frame, width) {
  const view = frame.contentWindow, doc = frame.contentDocument, root = doc.documentElement
  const box = (e) => { const r = e.getBoundingClientRect(); return { left: r.left, right: r.right, top: r.top, bottom: r.bottom, width: r.width, height: r.height } }
  const texts = [...doc.body.querySelectorAll('h1,h2,h3,small,p,.box b,.box i,th,td,dt,dd,li,.tile>span')].filter((e) => e.textContent.trim() !== '')
  const boxes = [...doc.querySelectorAll('.box')].map((e) => ({ ...box(e), text: e.textContent, say: e.dataset.say, kind: e.className }))
  const tiles = [...doc.querySelectorAll('.map')].map((map) => ({ ...box(map), tiles: [...map.querySelectorAll('.tile')].map((e) => ({ ...box(e), say: e.dataset.say })) }))
  const group = doc.querySelector('.boxes')
  const stops = []
  const items = [...group.querySelectorAll('[tabindex]')]
  items[0].focus()
  for (let i = 0; i < items.length; i++) {
    stops.push(doc.getElementById('say').textContent)
    doc.activeElement.dispatchEvent(new view.KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true, cancelable: true }))
  }
  return {
    width, overflow: root.scrollWidth - root.clientWidth,
    wide: texts.filter((e) => box(e).right > width + 0.5).map((e) => e.textContent.slice(0, 40)),
    pale: texts.map((e) => [contrast(view.getComputedStyle(e).color, ground(e, view)), e.textContent.slice(0, 40)]).filter(([c]) => c < 4.5),
    dark: luminance(view.getComputedStyle(root).backgroundColor) < 0.2,
    boxes, tiles, stops, lit: doc.querySelectorAll('.lit').length,
    links: [...doc.querySelectorAll('a.box')].every((a) => doc.getElementById(a.getAttribute('href').slice(1)) !== null),
  }
}
`

interface Box {
  left: number
  right: number
  top: number
  bottom: number
  width: number
  height: number
}
interface Look {
  width: number
  overflow: number
  wide: string[]
  pale: [number, string][]
  dark: boolean
  boxes: (Box & { text: string; say: string; kind: string })[]
  tiles: (Box & { tiles: (Box & { say: string })[] })[]
  stops: string[]
  lit: number
  links: boolean
}

function chromium(url: string, ...options: string[]): string {
  const profile = mkdtempSync(join(scratch, 'profile-'))
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync']
  flags.push('--disable-background-networking', '--disable-component-update', `--user-data-dir=${profile}`)
  const { status, stdout, stderr } = runTool('chromium', [
    ...flags,
    ...options,
    '--virtual-time-budget=10000',
    '--dump-dom',
    url,
  ])
  rmSync(profile, { recursive: true, force: true })
  expect(status, stderr).toBe(0)
  return stdout
}

/** JSON that a script of the page has left in its only `pre`. */
function measured<T>(page: string, ...options: string[]): T {
  const path = join(scratch, 'look.html')
  writeFileSync(path, page)
  const dom = chromium(pathToFileURL(path).href, ...options)
  const json = /<pre id="result">([\s\S]*?)<\/pre>/.exec(dom)?.[1]
  expect(json, dom.slice(0, 2000)).toBeDefined()
  return JSON.parse(json!.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&')) as T
}

function pageAround(html: string): string {
  const frames = WIDTHS.map(
    (width) => `<iframe id="w${width}" style="width:${width}px;height:900px;border:0"></iframe>`,
  ).join('')
  // The page may hold "</script>": as JSON with < escaped it ends nothing.
  const json = JSON.stringify(html).replaceAll('<', '\\u003c')
  return `<!DOCTYPE html><meta charset="utf-8"><meta name="color-scheme" content="light dark"><body>${frames}<pre id="result"></pre><script>${LOOK}
const html = ${json}
const widths = [${WIDTHS.join(',')}]
const loaded = widths.map((width) => new Promise((resolve) => {
  const frame = document.getElementById('w' + width)
  frame.addEventListener('load', () => resolve(look(frame, width)))
  frame.srcdoc = html
}))
Promise.all(loaded).then((all) => { document.getElementById('result').textContent = JSON.stringify(all) })
</script>`
}

describeWithTools('layout.html in a browser', ['chromium'], () => {
  for (const scheme of ['light', 'dark']) {
    it(`is whole and legible at ${WIDTHS.join(', ')} pixels, ${scheme}`, () => {
      const html = readFileSync(join(scratch, 'layout.html'), 'utf8')
      const options =
        scheme === 'dark' ? ['--blink-settings=preferredColorScheme=0'] : ['--blink-settings=preferredColorScheme=1']
      const looks = measured<Look[]>(pageAround(html), ...options)
      expect(looks.map(({ width }) => width)).toEqual([...WIDTHS])
      for (const { width, overflow, wide, pale, dark, boxes, tiles, stops, lit, links } of looks) {
        expect({ width, overflow, wide, pale, dark, links }).toEqual({
          width,
          overflow: 0,
          wide: [],
          pale: [],
          dark: scheme === 'dark',
          links: true,
        })
        const named = boxes.filter(({ text }) => text !== '')
        const names = ['spl', '1 env', '2 boot & "esp"', '3 a partition with a rather long', '4 数据分区', '5 data']
        expect(named.map(({ text }) => names.findIndex((name) => text.startsWith(name)))).toEqual([0, 1, 2, 3, 4, 5])
        for (const { left, right, width: own, height } of named) {
          expect(own).toBeGreaterThanOrEqual(60)
          expect(height).toBeGreaterThan(50)
          expect([left >= 0, right <= width]).toEqual([true, true])
        }
        boxes.forEach((one, index) => {
          for (const other of boxes.slice(0, index)) {
            const apart =
              one.left >= other.right || other.left >= one.right || one.top >= other.bottom || other.top >= one.bottom
            expect([one.say, other.say, apart]).toEqual([one.say, other.say, true])
          }
        })
        // Two volumes have folders; every tile is inside of its map.
        expect(tiles).toHaveLength(2)
        for (const map of tiles) {
          expect(map.tiles.map(({ say }) => say.split(':')[0])).toContain('/usr/lib')
          for (const tile of map.tiles) {
            expect(tile.left >= map.left - 1 && tile.right <= map.right + 1 && tile.bottom <= map.bottom + 1).toBe(true)
          }
        }
        // Each stop of the arrow keys says another part, and lights it up everywhere.
        expect(new Set(stops).size).toBe(stops.length)
        expect(stops.join('\n')).toContain('数据分区 (ext4): 1 GiB at ')
        expect(lit).toBeGreaterThanOrEqual(2)
      }
    })
  }
})

interface SvgText extends Box {
  text: string
}

describe('the picture of an image', () => {
  it('shows what the picture of its plan shows', async () => {
    const { plan, payloads, release } = await openDisk(
      { config: join(scratch, 'a.yaml'), environment: {} },
      () => scratch,
    )
    const planned = pictureOfPlan(plan, payloads).parts.filter(({ kind }) => kind === 'partition')
    await release()
    const disk = await openImage(join(scratch, 'out', NAME, NAME))
    const picture = pictureOfImage(disk)
    const seen = picture.parts
    disk.close()
    expect(picture).toMatchObject({ name: NAME, rest: 'free' })
    const found = seen.filter(({ kind }) => kind === 'partition')
    expect(found.map(({ number, startByte, endByte, folders }) => ({ number, startByte, endByte, folders }))).toEqual(
      planned.map(({ number, startByte, endByte, content, folders }) => {
        const isVolume = content !== ''
        const empty = { name: '/', path: '/', bytes: 0, files: 0, folders: [] }
        return { number, startByte, endByte, ...(isVolume && { folders: folders ?? empty }) }
      }),
    )
    found.forEach((part, index) => {
      const [uses, asked] = [usesOf(part), usesOf(planned[index]!)]
      // Whole clusters and blocks, where the plan knows the files' own ends.
      expect(uses.data).toBeGreaterThanOrEqual(asked.data)
      expect(uses.data).toBeLessThan(asked.data + 64 * 1024)
      expect(uses.metadata > 0).toBe(planned[index]!.content !== '')
    })
    expect(seen[0]).toMatchObject({ kind: 'table', startByte: 0, endByte: 34 * 512 })
    expect(seen.at(-1)).toMatchObject({ kind: 'table', endByte: 3 * 1024 ** 3 })
  })
})

describeWithTools('layout.svg in a browser', ['chromium'], () => {
  it('is XML that stands alone, with all words inside of the drawing and of their boxes', () => {
    const svg = readFileSync(join(scratch, 'layout.svg'), 'utf8')
    const page = `<!DOCTYPE html><meta charset="utf-8"><body style="margin:0">${svg}<pre id="result"></pre><script>
const rect = (e) => { const r = e.getBoundingClientRect(); return { left: r.left, right: r.right, top: r.top, bottom: r.bottom, width: r.width, height: r.height } }
const svg = document.querySelector('svg')
const texts = [...svg.querySelectorAll('text')].map((e) => ({ ...rect(e), text: e.textContent }))
const boxes = [...svg.querySelectorAll('.part > .box')].map((e) => ({ ...rect(e), texts: [...e.parentElement.querySelectorAll('text')].map(rect), title: e.parentElement.querySelector('title').textContent }))
const broken = new DOMParser().parseFromString(${JSON.stringify(svg).replaceAll('<', '\\u003c')}, 'image/svg+xml').querySelector('parsererror')
document.getElementById('result').textContent = JSON.stringify({ svg: rect(svg), texts, boxes, broken: broken !== null })
</script>`
    const {
      svg: whole,
      texts,
      boxes,
      broken,
    } = measured<{
      svg: Box
      texts: SvgText[]
      boxes: (Box & { texts: Box[]; title: string })[]
      broken: boolean
    }>(page, '--window-size=1000,900')
    expect(broken).toBe(false)
    expect(svg).not.toMatch(/(?:href|src|url\()/)
    expect(whole.width).toBe(960)
    for (const { text, right, bottom } of texts)
      expect([text, right <= 960, bottom <= whole.bottom]).toEqual([text, true, true])
    expect(boxes.filter((box) => box.texts.length >= 2)).toHaveLength(6)
    for (const box of boxes)
      for (const text of box.texts) expect([box.title, text.right <= box.right]).toEqual([box.title, true])
  })
})
