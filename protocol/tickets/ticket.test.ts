import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { concatBytes } from '../encoding/index.ts'
import {
  blindDraft,
  deskIds,
  holderDraft,
  issued,
  phone,
  plainDraft,
  takenApart,
  till,
} from '../../test/actors/ticket-desk.ts'
import { idTag } from './id-tag.ts'
import {
  BLIND_ROTATING_BYTES,
  HOLDER_TICKET_BYTES,
  ROTATING_BYTES,
  SERIAL_MAX,
  TICKET_BYTES,
  decodeTicket,
  decodeTicketBody,
  encodeTicketBody,
  issueTicket,
  validityMs,
} from './ticket.ts'
import type { TicketDraft } from './ticket.ts'

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
const rest = {
  serial: fc.nat(SERIAL_MAX),
  nonce: bytes(8),
  validity: fc.option(
    fc.record({
      fromMinute: fc.integer({ min: 1, max: 0xffffffff }),
      forMinutes: fc.integer({ min: 1, max: 0xffffff }),
    }),
  ),
}
const draft: fc.Arbitrary<TicketDraft> = fc.oneof(
  fc.record({
    ...rest,
    seatSecret: bytes(16),
    seatHash: fc.constant(null),
    holder: fc.option(bytes(32)),
  }),
  fc.record({ ...rest, seatSecret: fc.constant(null), seatHash: bytes(16), holder: bytes(32) }),
)

function refusalOf(it: Uint8Array): string {
  const result = decodeTicket(it)
  return result.ok ? 'ok' : result.refusal
}

test('a ticket says what was issued', () => {
  fc.assert(
    fc.property(draft, (it) => {
      const made = issueTicket(deskIds, it, till)
      if (!made.ok) throw new Error(made.refusal)
      expect(made.bytes.length).toBe(it.holder === null ? TICKET_BYTES : HOLDER_TICKET_BYTES)
      const { ticket, body, signature, bytes, rotating } = takenApart(made.bytes)
      expect(ticket).toEqual({
        ...it,
        event: idTag(deskIds.event),
        class: idTag(deskIds.class),
        bucket: idTag(deskIds.bucket),
        issuer: till.publicKey.slice(0, 4),
      })
      expect([body, concatBytes(body, signature), rotating]).toEqual([made.body, made.bytes, null])
      expect([bytes, encodeTicketBody(ticket)]).toEqual([made.bytes, made.body])
    }),
    { numRuns: 60 },
  )
})

test('bytes that are taken apart are the only ones of what they say', () => {
  const start = fc.constantFrom(0x10, 0x11, 0x13)
  fc.assert(
    fc.property(start, bytes(HOLDER_TICKET_BYTES), (first, it) => {
      it[0] = first
      const cut = it.subarray(0, first === 0x10 ? TICKET_BYTES : HOLDER_TICKET_BYTES)
      const result = decodeTicket(cut)
      if (result.ok)
        expect(concatBytes(encodeTicketBody(result.decoded.ticket), result.decoded.signature)).toEqual(cut)
    }),
    { numRuns: 300 },
  )
})

test('any bytes are taken apart or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (it) => {
      decodeTicket(it)
      decodeTicketBody(it)
    }),
    { numRuns: 500 },
  )
})

test('every other length is refused', () => {
  for (const whole of [issued(), issued(holderDraft), issued(blindDraft)])
    for (let length = 0; length < whole.length; length += 1)
      expect(refusalOf(whole.subarray(0, length))).toBe(length === 0 ? 'not-a-ticket' : 'truncated')
  for (let length = TICKET_BYTES + 1; length < 300; length += 1)
    expect(refusalOf(concatBytes(issued(), new Uint8Array(length - TICKET_BYTES)))).toBe('too-long')
  for (const [whole, most] of [
    [issued(holderDraft), ROTATING_BYTES],
    [issued(blindDraft), BLIND_ROTATING_BYTES],
  ] as const)
    for (let length = HOLDER_TICKET_BYTES + 1; length < 300; length += 1) {
      const expected = length === most ? 'ok' : length < most ? 'truncated' : 'too-long'
      const it = concatBytes(whole, new Uint8Array(length - HOLDER_TICKET_BYTES))
      expect(refusalOf(it), `${most} ${length}`).toBe(expected)
    }
})

test('versions and flags that are not known', () => {
  for (let first = 0; first < 256; first += 1) {
    const it = Uint8Array.of(first, ...issued().subarray(1))
    const version = first >> 4
    const expected =
      version !== 1
        ? 'unknown-version'
        : first === 0x10
          ? 'ok'
          : first === 0x11 || first === 0x13
            ? 'truncated'
            : 'not-a-ticket'
    expect(refusalOf(it)).toBe(expected)
    expect(decodeTicketBody(it.subarray(0, 51)) !== null).toBe(first === 0x10)
  }
})

test('a beginning without length, and a length without beginning', () => {
  const body = takenApart(issued({ ...plainDraft, validity: { fromMinute: 1, forMinutes: 1 } })).body
  expect(decodeTicketBody(body)?.validity).toEqual({ fromMinute: 1, forMinutes: 1 })
  expect(decodeTicketBody(Uint8Array.from(body).fill(0, 44, 48))).toBe(null)
  expect(decodeTicketBody(Uint8Array.from(body).fill(0, 48, 51))).toBe(null)
  expect(decodeTicketBody(Uint8Array.from(body).fill(0, 44, 51))?.validity).toBe(null)
})

test('boundary values are issued, one beyond is refused by name', () => {
  const refusal = (it: Partial<TicketDraft>): string => {
    const result = issueTicket(deskIds, { ...plainDraft, ...it }, till)
    return result.ok ? 'ok' : result.refusal
  }
  for (const serial of [0, 1, SERIAL_MAX]) expect(refusal({ serial })).toBe('ok')
  for (const serial of [-1, 0.5, SERIAL_MAX + 1, Number.NaN, Infinity])
    expect(refusal({ serial })).toBe('serial')
  const validity = (fromMinute: number, forMinutes: number): string =>
    refusal({ validity: { fromMinute, forMinutes } })
  expect([validity(1, 1), validity(0xffffffff, 0xffffff)]).toEqual(['ok', 'ok'])
  for (const [from, length] of [
    [0, 1],
    [1, 0],
    [0, 0],
    [2 ** 32, 1],
    [1, 2 ** 24],
    [-1, 1],
    [1, 1.5],
  ] as const)
    expect(validity(from, length)).toBe('validity')
  for (const length of [0, 15, 17])
    expect(refusal({ seatSecret: new Uint8Array(length) })).toBe('seat-secret')
  for (const length of [0, 15, 17])
    expect(refusal({ ...blindDraft, seatHash: new Uint8Array(length) })).toBe('seat-hash')
  expect(refusal(blindDraft)).toBe('ok')
  expect(refusal({ seatSecret: null })).toBe('seat-secret')
  expect(refusal({ ...blindDraft, seatSecret: plainDraft.seatSecret })).toBe('seat-hash')
  expect(refusal({ ...blindDraft, holder: null })).toBe('holder')
  for (const length of [0, 7, 9]) expect(refusal({ nonce: new Uint8Array(length) })).toBe('nonce')
  for (const length of [0, 31, 33]) expect(refusal({ holder: new Uint8Array(length) })).toBe('holder')
  expect(() => encodeTicketBody({ ...takenApart(issued()).ticket, serial: SERIAL_MAX + 1 })).toThrow(
    RangeError,
  )
  expect(() => encodeTicketBody({ ...takenApart(issued()).ticket, bucket: new Uint8Array(5) })).toThrow(
    RangeError,
  )
})

test('ids that are none are refused by name', () => {
  const refusal = (it: Partial<typeof deskIds>): string => {
    const result = issueTicket({ ...deskIds, ...it }, plainDraft, till)
    return result.ok ? 'ok' : result.refusal
  }
  expect(refusal({})).toBe('ok')
  expect(refusal({ coop: new Uint8Array(31) })).toBe('coop')
  expect(refusal({ event: deskIds.class })).toBe('event')
  expect(refusal({ class: deskIds.bucket })).toBe('class')
  expect(refusal({ bucket: deskIds.class })).toBe('bucket')
  expect(refusal({ class: `${deskIds.class}a` })).toBe('class')
})

test('a ticket says when it is valid, to the minute', () => {
  const validity = { fromMinute: 29_000_000, forMinutes: 90 }
  expect(validityMs(takenApart(issued({ ...holderDraft, validity })).ticket)).toEqual({
    fromMs: 1_740_000_000_000,
    untilMs: 1_740_005_400_000,
  })
  expect(validityMs(takenApart(issued()).ticket)).toBe(null)
})

test('what was taken apart does not change with the bytes it came from', () => {
  const it = issued({ ...plainDraft, holder: phone.publicKey })
  const decoded = takenApart(it)
  it.fill(0)
  expect(decoded).toEqual(takenApart(issued(holderDraft)))
})
