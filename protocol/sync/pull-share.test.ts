import { expect, test } from 'vitest'
import { PullShare, STALL_MS } from './pull-share.ts'

const devices = Array.from({ length: 64 }, (_, i) => new Uint8Array(32).fill(i))

/** Which sessions may ask for each device now. */
function owners(share: PullShare, sessions: readonly number[], nowMs: number): number[][] {
  return devices.map((device) => sessions.filter((it) => share.isMine(it, device, nowMs)))
}

test('one session that pulls has everything', () => {
  const share = new PullShare()
  const [a, b] = [share.join(), share.join()]
  share.note(a, 0)
  expect([share.isAlone(a, 0), share.isAlone(b, 0)]).toEqual([true, false])
  expect(devices.every((device) => share.isMine(a, device, 0))).toBe(true)
})

test('several that pull divide the devices: each has some, and none is asked for twice', () => {
  const share = new PullShare()
  const sessions = [share.join(), share.join(), share.join()]
  for (const it of sessions) share.note(it, 0)
  const found = owners(share, sessions, 0)
  expect(found.map((it) => it.length)).toEqual(devices.map(() => 1))
  expect(new Set(found.flat())).toEqual(new Set(sessions))
  expect(share.isAlone(sessions[0] ?? 0, 0)).toBe(false)
})

test('what one session was asked for is not asked of another until it is done or stalls', () => {
  const share = new PullShare()
  const [a, b] = [share.join(), share.join()]
  share.note(a, 0)
  share.claim(a, { devices: devices, nowMs: 0 })
  share.note(b, 0)
  expect(devices.some((device) => share.isMine(b, device, 0))).toBe(false)
  share.progress(b, { bytes: 1, nowMs: STALL_MS })
  expect(devices.every((device) => share.isMine(b, device, STALL_MS))).toBe(true)
  share.progress(a, { bytes: 1, nowMs: STALL_MS })
  expect(devices.some((device) => share.isMine(b, device, STALL_MS))).toBe(false)
  share.claim(a, { devices: [], nowMs: 0 })
  expect(owners(share, [a, b], STALL_MS).map((it) => it.length)).toEqual(devices.map(() => 1))
  share.leave(a)
  expect(devices.every((device) => share.isMine(b, device, STALL_MS))).toBe(true)
})

test('when all have stalled anyone may ask', () => {
  const share = new PullShare()
  const [a, b] = [share.join(), share.join()]
  for (const it of [a, b]) share.note(it, 0)
  expect(owners(share, [a, b], STALL_MS)).toEqual(devices.map(() => [a, b]))
})
