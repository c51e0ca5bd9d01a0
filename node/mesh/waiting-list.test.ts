import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AdmitEntry } from '#protocol/authority'
import { toHex } from '#protocol/encoding'
import { Store } from '#node/store'
import { WAITING_MAX, WAITING_PER_INVITE_MAX, WaitingList } from './waiting-list.ts'

let folder: string
let store: Store
let list: WaitingList

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-waiting-'))
  store = await Store.open(join(folder, 'store'))
  list = await WaitingList.open(store)
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

function keyOf(n: number): Uint8Array {
  const key = new Uint8Array(32)
  new DataView(key.buffer).setUint32(0, n)
  return key
}

function request(n: number, invite: number, memberName = 'Bo'): AdmitEntry {
  const keys = { invite: new Uint8Array(32).fill(invite), device: keyOf(n), kit: keyOf(n) }
  const signatures = { certificate: new Uint8Array(64), proof: new Uint8Array(64) }
  return { t: 'admit', ...keys, memberName, deviceName: 'phone', ...signatures }
}

test('64 wait for one invite and 256 in all, the first who came', async () => {
  for (let n = 0; n < WAITING_MAX; n += 1) {
    const place = (n % WAITING_PER_INVITE_MAX) + 1
    expect(await list.add(request(n, Math.floor(n / WAITING_PER_INVITE_MAX)), n)).toBe(place)
    if (n === WAITING_PER_INVITE_MAX - 1) expect(await list.add(request(999, 0), n)).toBe(null)
  }
  expect(await list.add(request(999, 9), 0)).toBe(null)
  expect(await list.add(request(3, 0), 0)).toBe(4)
  await list.drop([toHex(keyOf(3)), toHex(keyOf(998))])
  expect(await list.add(request(999, 9), 0)).toBe(1)
})

test('a clock that is set back takes no place from who came earlier, also after a restart', async () => {
  await list.add(request(2, 1), 5_000)
  await list.add(request(1, 1), 10)
  const again = await WaitingList.open(store)
  expect(again.guests()).toEqual(list.guests())
  expect(again.placeOf(toHex(keyOf(1)), request(1, 1).invite)).toBe(2)
})

test('a device has one place: new names keep it, another invite gives it up', async () => {
  await list.add(request(1, 1), 1)
  await list.add(request(2, 1), 2)
  expect(await list.add(request(1, 1, 'Vera'), 3)).toBe(1)
  expect(list.guests()[0]?.entry.memberName).toBe('Vera')
  expect(await list.add(request(1, 2), 4)).toBe(1)
  expect(list.placeOf(toHex(keyOf(1)), request(1, 1).invite)).toBe(null)
  expect(list.placeOf(toHex(keyOf(2)), request(2, 1).invite)).toBe(1)
})

test('what a list cannot have written is left out', async () => {
  await list.add(request(1, 1), 1)
  const value = Uint8Array.of(0x82, 0x01, 0x40)
  for (const key of [`g/${'00'.repeat(32)}`, 'g/what']) await store.write([{ type: 'put', key, value }])
  expect((await WaitingList.open(store)).guests()).toEqual(list.guests())
})

test('who could not be written down does not wait', async () => {
  await store.close()
  await expect(list.add(request(1, 1), 1)).rejects.toThrow()
  expect(list.guests()).toEqual([])
  store = await Store.open(join(folder, 'store'))
})
