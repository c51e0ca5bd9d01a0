import { expect, test } from 'vitest'
import { OVERDUE_MS, PullShare, STALL_MS } from './pull-share.ts'

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
  for (const it of [a, b]) {
    share.note(it, 0)
    share.claim(it, { devices, nowMs: 0 })
  }
  expect(owners(share, [a, b], STALL_MS)).toEqual(devices.map(() => [a, b]))
  // Who was asked for nothing cannot stall.
  share.claim(b, { devices: [], nowMs: 0 })
  expect(owners(share, [a, b], STALL_MS)).toEqual(devices.map(() => [b]))
})

test('one that is far slower than another loses its share to that one, and to no slower one', () => {
  const share = new PullShare()
  const [slow, fast, unknown] = [share.join(), share.join(), share.join()]
  for (const it of [slow, fast, unknown]) share.note(it, 0)
  share.claim(fast, { devices: devices.slice(0, 1), nowMs: 0 })
  share.progress(fast, { bytes: 100_000, nowMs: 100 })
  share.claim(fast, { devices: [], nowMs: 100 })
  share.claim(slow, { devices, nowMs: 100 })
  for (let nowMs = 200; nowMs < 100 + 2 * STALL_MS; nowMs += 100) {
    share.progress(slow, { bytes: 5_000, nowMs })
    const isLost = nowMs >= 100 + STALL_MS
    expect(devices.some((device) => share.isMine(fast, device, nowMs))).toBe(isLost)
    // It has shown nothing yet, and may be slower still.
    expect(devices.some((device) => share.isMine(unknown, device, nowMs))).toBe(false)
  }
  share.progress(slow, { bytes: 2_000_000, nowMs: 100 + 2 * STALL_MS })
  expect(devices.some((device) => share.isMine(fast, device, 100 + 2 * STALL_MS))).toBe(false)
})

test('the devices are divided in proportion to how fast each was, and a slow one keeps a little', () => {
  const share = new PullShare()
  const many = Array.from({ length: 2_000 }, (_, i) =>
    Uint8Array.of(i >> 3, (i & 7) * 32, ...new Uint8Array(30)),
  )
  const rates = [1_000, 500, 100]
  const sessions = rates.map(() => share.join())
  for (const it of sessions) share.note(it, 0)
  for (const [i, it] of sessions.entries()) {
    share.claim(it, { devices: many.slice(0, 1), nowMs: 0 })
    share.progress(it, { bytes: 1_000 * (rates[i] ?? 0), nowMs: 1_000 })
    share.claim(it, { devices: [], nowMs: 1_000 })
  }
  const counts = sessions.map((it) => many.filter((device) => share.isMine(it, device, 1_000)).length)
  expect(counts.reduce((sum, count) => sum + count)).toBe(many.length)
  for (const [i, count] of counts.entries())
    expect(Math.abs(count / many.length - (rates[i] ?? 0) / 1_600)).toBeLessThan(0.03)
  // A small answer tells of the way to a peer, not of its speed.
  const [fast] = sessions as [number]
  share.claim(fast, { devices: many.slice(0, 1), nowMs: 1_000 })
  share.progress(fast, { bytes: 300, nowMs: 1_200 })
  share.claim(fast, { devices: [], nowMs: 1_200 })
  expect(many.filter((device) => share.isMine(fast, device, 1_200)).length).toBe(counts[0])
})

test('an answer that takes long keeps its devices from nobody who may be faster', () => {
  const share = new PullShare()
  const [trickling, unknown, known] = [share.join(), share.join(), share.join()]
  for (const it of [trickling, unknown, known]) share.note(it, 0)
  share.claim(known, { devices: devices.slice(0, 1), nowMs: 0 })
  share.progress(known, { bytes: 3_000, nowMs: 1_000 })
  share.claim(known, { devices: [], nowMs: 1_000 })
  share.claim(trickling, { devices, nowMs: 1_000 })
  const may = (session: number, nowMs: number): boolean[] => [
    devices.some((device) => share.isMine(session, device, nowMs)),
    share.isIdle(session, nowMs),
  ]
  for (let nowMs = 2_000; nowMs <= 1_000 + OVERDUE_MS; nowMs += 1_000) {
    share.progress(trickling, { bytes: 1_100, nowMs })
    const isOverdue = nowMs === 1_000 + OVERDUE_MS
    for (const it of [unknown, known]) expect(may(it, nowMs)).toEqual([isOverdue, isOverdue])
  }
  // Who is as fast as most leaves it its devices.
  share.progress(trickling, { bytes: 10_000, nowMs: 1_000 + OVERDUE_MS })
  expect(may(known, 1_000 + OVERDUE_MS)).toEqual([false, false])
})
