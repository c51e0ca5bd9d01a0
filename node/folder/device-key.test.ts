import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DataFolder } from './data-folder.ts'
import { isKeySealed, loadDeviceKey, resealKeys } from './device-key.ts'

const OLD = 'correct horse'
const NEW = 'battery staple'
let folder: string
let paths: { keyPath: string; nextKeyPath: string }

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-key-'))
  paths = { keyPath: join(folder, 'device.key'), nextKeyPath: join(folder, 'device.key.next') }
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

/** What a call is refused with. */
async function codeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'done',
    (cause: { code?: unknown }) => cause.code,
  )
}

describe('the device key on the disk', () => {
  test('stays the same key through set, change and remove, and no other form of it is left', async () => {
    const { seed } = await loadDeviceKey(paths.keyPath, undefined)
    const plain = Buffer.from(seed).toString('base64')
    expect([await readFile(paths.keyPath, 'utf8'), await isKeySealed(paths.keyPath)]).toEqual([
      expect.stringContaining(plain),
      false,
    ])
    await resealKeys(paths, undefined, OLD)
    expect(await isKeySealed(paths.keyPath)).toBe(true)
    expect(await loadDeviceKey(paths.keyPath, OLD)).toEqual({ seed, isSealed: true })
    await resealKeys(paths, OLD, NEW)
    expect(await codeOf(loadDeviceKey(paths.keyPath, OLD))).toBe('passphrase-wrong')
    expect(await loadDeviceKey(paths.keyPath, NEW)).toEqual({ seed, isSealed: true })
    expect(await readFile(paths.keyPath, 'utf8')).not.toContain(plain)
    expect(await readdir(folder)).toEqual(['device.key'])
    expect((await stat(paths.keyPath)).mode & 0o777).toBe(0o600)
    await resealKeys(paths, NEW, undefined)
    expect(await loadDeviceKey(paths.keyPath, undefined)).toEqual({ seed, isSealed: false })
  })

  test('a wrong or missing passphrase has a code of its own, and changes nothing, however often it is tried', async () => {
    await loadDeviceKey(paths.keyPath, OLD)
    const before = await readFile(paths.keyPath)
    for (const wrong of [`${OLD} `, 'x'.repeat(2_000)]) {
      expect(await codeOf(loadDeviceKey(paths.keyPath, wrong)), wrong).toBe('passphrase-wrong')
      expect(await codeOf(resealKeys(paths, wrong, NEW)), wrong).toBe('passphrase-wrong')
    }
    for (const missing of [undefined, '']) {
      expect(await codeOf(loadDeviceKey(paths.keyPath, missing))).toBe('key-locked')
      expect(await codeOf(resealKeys(paths, missing, NEW))).toBe('key-locked')
    }
    expect(await readFile(paths.keyPath)).toEqual(before)
    expect((await loadDeviceKey(paths.keyPath, OLD)).isSealed).toBe(true)
  })

  test('one passphrase in two spellings of Unicode is one', async () => {
    const { seed } = await loadDeviceKey(paths.keyPath, 'Caf\u00E9 Lanterne')
    expect((await loadDeviceKey(paths.keyPath, 'Cafe\u0301 Lanterne')).seed).toEqual(seed)
  })

  test('a passphrase that is too short or too long seals nothing', async () => {
    await loadDeviceKey(paths.keyPath, undefined)
    const before = await readFile(paths.keyPath)
    for (const unfit of ['seven77', 'x'.repeat(1_025)])
      expect(await codeOf(resealKeys(paths, undefined, unfit))).toBe('usage')
    expect(await readFile(paths.keyPath)).toEqual(before)
    expect(await codeOf(loadDeviceKey(paths.nextKeyPath, 'seven77'))).toBe('usage')
    expect(await readdir(folder)).toEqual(['device.key'])
  })

  test('a flipped bit is told from a wrong passphrase, in both forms', async () => {
    for (const passphrase of [undefined, OLD]) {
      await rm(paths.keyPath, { force: true })
      await loadDeviceKey(paths.keyPath, passphrase)
      const whole = await readFile(paths.keyPath)
      for (let at = 0; at < whole.length - 1; at += 7) {
        const bytes = Buffer.from(whole)
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 7))
        await writeFile(paths.keyPath, bytes)
        // The four unused bits at the end of a base64 text, and white space, may change without harm.
        expect(['data-damaged', 'done'], `byte ${at}`).toContain(
          await codeOf(loadDeviceKey(paths.keyPath, passphrase)),
        )
      }
    }
  })

  test('a file of before, without device and check, still opens', async () => {
    const { seed } = await loadDeviceKey(paths.keyPath, OLD)
    const [kind, salt, nonce, box] = (await readFile(paths.keyPath, 'utf8')).split(' ')
    await writeFile(paths.keyPath, `${kind} ${salt} ${nonce} ${box}\n`)
    expect((await loadDeviceKey(paths.keyPath, OLD)).seed).toEqual(seed)
    await writeFile(paths.keyPath, `plain ${Buffer.from(seed).toString('base64')}\n`)
    expect((await loadDeviceKey(paths.keyPath, undefined)).seed).toEqual(seed)
  })

  test('a write that fails leaves the form of before', async () => {
    await loadDeviceKey(paths.keyPath, OLD)
    const before = await readFile(paths.keyPath)
    await mkdir(`${paths.keyPath}.${process.pid}.new`)
    expect(await codeOf(resealKeys(paths, OLD, NEW))).toBe('EISDIR')
    expect(await readFile(paths.keyPath)).toEqual(before)
  })
})

describe('a key that waits for its admission', () => {
  test('is sealed anew together with the device key', async () => {
    const { seed } = await loadDeviceKey(paths.keyPath, OLD)
    const next = await loadDeviceKey(paths.nextKeyPath, OLD)
    await resealKeys(paths, OLD, NEW)
    expect((await loadDeviceKey(paths.keyPath, NEW)).seed).toEqual(seed)
    expect((await loadDeviceKey(paths.nextKeyPath, NEW)).seed).toEqual(next.seed)
  })

  test('is taken as it is where a crash came between the two, and the same call goes on', async () => {
    const { seed } = await loadDeviceKey(paths.keyPath, OLD)
    const next = await loadDeviceKey(paths.nextKeyPath, NEW)
    await resealKeys(paths, OLD, NEW)
    expect((await loadDeviceKey(paths.keyPath, NEW)).seed).toEqual(seed)
    expect((await loadDeviceKey(paths.nextKeyPath, NEW)).seed).toEqual(next.seed)
  })
})

test('what a crash left of a key that was being written is gone when the folder is opened', async () => {
  await writeFile(join(folder, 'device.key.4711.new'), 'plain SECRET\n')
  await writeFile(join(folder, 'api.tokens.4711.new'), 'x')
  await writeFile(join(folder, 'mine.new'), 'x')
  const opened = await DataFolder.open(folder)
  const names = await readdir(folder)
  expect(names.filter((name) => name.endsWith('.new'))).toEqual(['mine.new'])
  await opened.close()
})
