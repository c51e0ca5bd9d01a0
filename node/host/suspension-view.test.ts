import { beforeEach, expect, test } from 'vitest'
import type { DeviceEntry } from '#protocol/authority'
import { toHex } from '#protocol/encoding'
import { deviceText } from '#protocol/identity'
import type { Replica } from '#protocol/replica'
import { Suspensions } from '#node/engine'
import type { Suspension } from '#node/engine'
import { testCoop } from '../../test/actors/coop-actors.ts'
import type { TestCoop } from '../../test/actors/coop-actors.ts'
import { Pen, headOf, reader, recordsOf } from '../../test/actors/pen.ts'
import { suspensionView, suspensionWarnings } from './suspension-view.ts'

let made: TestCoop
let replica: Replica
/** Devices (hex) that forked. */
let forked: string[]

const engine = (): { replica: Replica; suspensions: () => Suspension[] } => {
  return { replica, suspensions: () => new Suspensions(replica).all() }
}

/** A co-op in which five tills wrote two histories each, and one did not. */
beforeEach(() => {
  made = testCoop(1)
  const pens = Array.from({ length: 6 }, () => new Pen(made.coop, made.admit('venue').signer))
  const all = recordsOf(made.founder)
  replica = reader(made.coop, all)
  for (const [i, pen] of pens.entries()) {
    replica.ingest([pen.write({ seen: [headOf(all)] }), ...pen.more(1, 1)])
    if (i === 5) continue
    pen.forget(1)
    replica.ingest(pen.more(1, 2))
  }
  forked = pens.slice(0, 5).map((pen) => toHex(pen.signer.publicKey))
})

test('three suspended devices are told of one by one, the others are counted', () => {
  const warnings = suspensionWarnings(engine())
  expect(warnings.map((it) => it.code)).toEqual(Array(4).fill('device-suspended'))
  expect(warnings[0]?.message).toMatch(/is suspended: it wrote two histories$/)
  expect(warnings[0]?.next).toMatch(
    /coop restore --new-key.*Its commit 1 exists twice: [0-9a-f]{8} and [0-9a-f]{8}/,
  )
  expect(warnings[3]?.message).toMatch(/^2 more devices are suspended/)
})

test('nothing is told of a device once a new key took its place', () => {
  const devices = replica.authority.devices as Map<string, DeviceEntry>
  for (const device of forked) {
    const entry = devices.get(device)
    if (entry === undefined) throw new Error('not on the roster')
    devices.set(`new key of ${device}`, { ...entry, replaces: device })
  }
  expect(suspensionWarnings(engine())).toEqual([])
})

test('the view names the device as people see it', () => {
  const [suspension] = engine().suspensions()
  if (suspension === undefined) throw new Error('nobody is suspended')
  const device = deviceText(replica.authority.devices.get(suspension.device)?.key ?? new Uint8Array(32))
  expect(suspensionView(suspension)).toEqual({ reason: 'fork', device, seq: 1, commits: suspension.commits })
  expect(suspensionView(null)).toBe(null)
})
