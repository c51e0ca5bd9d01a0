import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeSigner } from '#node/crypto'
import { concatBytes } from '../encoding/index.ts'
import {
  deskCrypto,
  deskRule,
  holderDraft,
  issued,
  phone,
  plainDraft,
  takenApart,
} from '../../test/actors/ticket-desk.ts'
import { SLOT_MS, checkRotating, makeRotatingCode, slotAt, slotMessage } from './rotating.ts'
import type { RotatingState } from './rotating.ts'

const { sha256 } = deskCrypto
const ticket = issued(holderDraft)
const NOW_MS = 1_800_000_015_000

function code(atMs: number): Uint8Array {
  return makeRotatingCode(ticket, atMs, phone, sha256) ?? new Uint8Array()
}

function shown(madeMs: number, nowMs: number): RotatingState {
  return checkRotating(takenApart(code(madeMs)), nowMs, deskRule, sha256)
}

test('a code is fresh in its slot and the ones beside it', () => {
  for (const slots of [-1, 0, 1]) expect(shown(NOW_MS + slots * SLOT_MS, NOW_MS)).toEqual({ state: 'fine' })
  expect(shown(NOW_MS - 15_000, NOW_MS + 44_999)).toEqual({ state: 'fine' })
})

test('up to ten minutes late it is a photograph', () => {
  expect(shown(NOW_MS - 2 * SLOT_MS, NOW_MS)).toEqual({ state: 'old', ageMs: 45_000 })
  expect(shown(NOW_MS - 20 * SLOT_MS, NOW_MS)).toEqual({ state: 'old', ageMs: 585_000 })
})

test('more, or ahead, is a clock', () => {
  expect(shown(NOW_MS - 21 * SLOT_MS, NOW_MS)).toEqual({ state: 'clock', aheadMs: -645_000 })
  expect(shown(NOW_MS + 2 * SLOT_MS, NOW_MS)).toEqual({ state: 'clock', aheadMs: 45_000 })
  expect(shown(NOW_MS + 3_600_000, NOW_MS)).toEqual({ state: 'clock', aheadMs: 3_585_000 })
})

test('the slot is told from 16 bits up to 11 days around now, whatever now is', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 43), fc.integer({ min: -32_768, max: 32_767 }), (nowMs, slots) => {
      const madeMs = nowMs + slots * SLOT_MS
      fc.pre(madeMs >= 0)
      const late = -slots
      const expected = Math.abs(late) <= 1 ? 'fine' : late > 1 && late <= 20 ? 'old' : 'clock'
      expect(shown(madeMs, nowMs).state).toBe(expected)
    }),
    { numRuns: 60 },
  )
})

test('the last 16 bits of a slot going round', () => {
  const round = Math.ceil(slotAt(NOW_MS) / 65_536) * 65_536 * SLOT_MS
  expect(takenApart(code(round)).rotating?.slot).toBe(0)
  expect(takenApart(code(round - 1)).rotating?.slot).toBe(65_535)
  expect(shown(round - 1, round)).toEqual({ state: 'fine' })
  expect(shown(round, round - 1)).toEqual({ state: 'fine' })
  expect(shown(round - 60_000, round + 30_000)).toEqual({ state: 'old', ageMs: 60_000 })
})

test('a clock more than 11 days off makes another slot of it, which nobody signed', () => {
  expect(shown(NOW_MS + 40_000 * SLOT_MS, NOW_MS)).toEqual({ state: 'forged' })
  expect(shown(0, NOW_MS)).toEqual({ state: 'forged' })
  expect(shown(65_535 * SLOT_MS, 0)).toEqual({ state: 'forged' })
})

test('a code of another holder, ticket or slot is forged', () => {
  const slot = slotAt(NOW_MS)
  const end = Uint8Array.of((slot >> 8) & 0xff, slot & 0xff)
  const signed = (signer: typeof phone, bytes: Uint8Array, at: number): RotatingState => {
    const whole = concatBytes(ticket, end, signer.sign(slotMessage(bytes, at, sha256)))
    return checkRotating(takenApart(whole), NOW_MS, deskRule, sha256)
  }
  expect(signed(phone, ticket, slot)).toEqual({ state: 'fine' })
  expect(signed(nodeSigner(new Uint8Array(32).fill(13)), ticket, slot)).toEqual({ state: 'forged' })
  expect(signed(phone, issued({ ...holderDraft, serial: 1 }), slot)).toEqual({ state: 'forged' })
  expect(signed(phone, ticket, slot - 1)).toEqual({ state: 'forged' })
})

test('there is no slot before 1970', () => {
  const signature = phone.sign(slotMessage(ticket, -1, sha256))
  const decoded = takenApart(concatBytes(ticket, Uint8Array.of(255, 255), signature))
  expect(checkRotating(decoded, 0, deskRule, sha256)).toEqual({ state: 'forged' })
})

test('tickets without code, and without holder', () => {
  const check = (bytes: Uint8Array): RotatingState =>
    checkRotating(takenApart(bytes), NOW_MS, deskRule, sha256)
  expect(check(ticket)).toEqual({ state: 'missing' })
  expect(check(issued(plainDraft))).toEqual({ state: 'none' })
})

test('no code is made of what it cannot be made of', () => {
  const made = (bytes: Uint8Array, nowMs: number, signer = phone): Uint8Array | null =>
    makeRotatingCode(bytes, nowMs, signer, sha256)
  expect(made(ticket, 0)?.length).toBe(213)
  for (const nowMs of [-1, Number.NaN, Infinity]) expect(made(ticket, nowMs)).toBe(null)
  expect(made(ticket, NOW_MS, nodeSigner(new Uint8Array(32)))).toBe(null)
  for (const bytes of [issued(plainDraft), code(NOW_MS), new Uint8Array(), ticket.subarray(1)])
    expect(made(bytes, NOW_MS)).toBe(null)
})
