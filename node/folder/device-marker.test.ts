import { cp, mkdir, mkdtemp, readdir, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadDeviceKey, resealKeys } from './device-key.ts'
import {
  judgeMarker,
  lookAtMarked,
  markerPath,
  placeOf,
  readMarker,
  stateFolderPath,
  writeMarker,
} from './device-marker.ts'
import type { DeviceMarker, FolderFacts, MarkerVerdict } from './device-marker.ts'

const opening = { count: 3, id: 'ab'.repeat(16) }
const marker: DeviceMarker = { folder: '/data', place: '1:2', opening, commits: 5, head: 'cd'.repeat(32) }
const facts: FolderFacts = { place: '1:2', opening, hasHead: true, marked: 'this' }

describe('a marker outside the data folder', () => {
  const cases: [string, DeviceMarker | null, Partial<FolderFacts>, MarkerVerdict][] = [
    ['of the folder that ran last lets it go on', marker, {}, 'own'],
    ['that is missing means nothing for a folder that was never opened', null, { opening: null }, 'own'],
    ['that is missing makes an opened folder ask first, and never condemns it', null, {}, 'unsure'],
    [
      'that knows an own commit which the log lacks tells of an older copy',
      marker,
      { hasHead: false },
      'older',
    ],
    [
      'of a chain without commits knows nothing that could be missing',
      { ...marker, commits: 0 },
      { hasHead: false },
      'own',
    ],
    ['of a folder that is still there tells of a copy', marker, { marked: 'twin' }, 'copy'],
    ['tells of an older copy rather than of a copy', marker, { marked: 'twin', hasHead: false }, 'older'],
    ['of a folder with another key by now is taken over', marker, { marked: 'other' }, 'own'],
    ['of another opening makes it ask first', marker, { opening: { count: 2, id: opening.id } }, 'unsure'],
    [
      'of an opening with another id makes it ask first',
      marker,
      { opening: { count: 3, id: 'ef' } },
      'unsure',
    ],
    ['of a folder that was never opened here makes it ask first', marker, { opening: null }, 'unsure'],
    ['of a folder that was renamed lets it go on', marker, { marked: 'gone' }, 'own'],
    [
      'of a folder that is gone, from another place, makes it ask first',
      marker,
      { marked: 'gone', place: '1:3' },
      'unsure',
    ],
    ['of this path with another folder in it makes it ask first', marker, { place: '1:3' }, 'unsure'],
  ]
  test.each(cases)('%s', (_, known, changes, verdict) => {
    expect(judgeMarker(known, { ...facts, ...changes })).toBe(verdict)
  })
})

describe('on the disk', () => {
  let base: string
  let state: string
  beforeEach(async () => {
    base = await realpath(await mkdtemp(join(tmpdir(), 'coopmesh-marker-')))
    state = join(base, 'state')
    await mkdir(join(base, 'data'))
    await writeFile(join(base, 'data', 'device.key'), 'plain AAAA\n')
  })
  afterEach(async () => rm(base, { recursive: true, force: true }))

  /** What the marker of `data` finds, seen from another path. */
  async function seenFrom(name: string): Promise<string> {
    const place = await placeOf(join(base, 'data')).catch(() => ({
      folder: join(base, 'data'),
      place: 'gone',
    }))
    return lookAtMarked({ ...marker, ...place }, await placeOf(join(base, name)))
  }

  test('a marker is read as it was written, and leaves nothing else behind', async () => {
    const path = markerPath(state, 'ff')
    await writeMarker(path, marker)
    await writeMarker(path, { ...marker, commits: 6 })
    expect(await readMarker(path)).toEqual({ ...marker, commits: 6 })
    expect(await readdir(join(state, 'devices'))).toEqual(['ff.json'])
  })

  test('what is no marker is read as none', async () => {
    const path = markerPath(state, 'ff')
    expect(await readMarker(path)).toBe(null)
    await mkdir(join(state, 'devices'), { recursive: true })
    const broken = [{ folder: 1 }, { place: null }, { opening: null }, { opening: { count: 0.5, id: '' } }]
    const more = [
      { opening: { count: 1, id: 7 } },
      { commits: -1 },
      { commits: '5' },
      { head: 'xyz' },
      { head: null },
    ]
    const texts = [...broken, ...more].map((it) => JSON.stringify({ ...marker, ...it }))
    for (const text of ['', '{', 'null', '7', '[]', ...texts]) {
      await writeFile(path, text)
      expect(await readMarker(path), text).toBe(null)
    }
  })

  test('a copy beside the original finds a twin; a changed key, another folder', async () => {
    await cp(join(base, 'data'), join(base, 'copy'), { recursive: true })
    expect(await seenFrom('copy')).toBe('twin')
    await writeFile(join(base, 'data', 'device.key'), 'plain BBBB\n')
    expect(await seenFrom('copy')).toBe('other')
    await rm(join(base, 'data', 'device.key'))
    expect(await seenFrom('copy')).toBe('gone')
  })

  test('a renamed folder finds nothing where it was, and its place is the same', async () => {
    const before = await placeOf(join(base, 'data'))
    await rename(join(base, 'data'), join(base, 'moved'))
    expect(await seenFrom('moved')).toBe('gone')
    expect((await placeOf(join(base, 'moved'))).place).toBe(before.place)
  })

  test('one folder by two paths is one folder', async () => {
    await symlink(join(base, 'data'), join(base, 'link'))
    expect(await seenFrom('link')).toBe('this')
    const elsewhere = { ...marker, folder: join(base, 'link') }
    expect(await lookAtMarked(elsewhere, await placeOf(join(base, 'data')))).toBe('this')
  })

  test('COOP_STATE goes before the XDG state folder, and that before the home folder', () => {
    expect(stateFolderPath({ COOP_STATE: '/a', XDG_STATE_HOME: '/b' })).toBe('/a')
    expect(stateFolderPath({ XDG_STATE_HOME: '/b' })).toBe('/b/coopmesh')
    expect(stateFolderPath({})).toMatch(/\.local\/state\/coopmesh$/)
  })

  test('a copy is known by its key, whatever seals the one and the other', async () => {
    const key = join(base, 'data', 'device.key')
    const pathsOf = (name: string): { keyPath: string; nextKeyPath: string } => ({
      keyPath: join(base, name, 'device.key'),
      nextKeyPath: join(base, name, 'device.key.next'),
    })
    await rm(key)
    await loadDeviceKey(key, undefined)
    await cp(join(base, 'data'), join(base, 'copy'), { recursive: true })
    expect(await seenFrom('copy')).toBe('twin')
    await resealKeys(pathsOf('data'), undefined, 'correct horse')
    expect(await seenFrom('copy')).toBe('twin')
    await resealKeys(pathsOf('copy'), undefined, 'another phrase')
    expect(await seenFrom('copy')).toBe('twin')
    await rm(key)
    await loadDeviceKey(key, 'correct horse')
    expect(await seenFrom('copy')).toBe('other')
  })
})
