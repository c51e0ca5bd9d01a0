import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { NAME_LENGTH_MAX } from '../authority/index.ts'
import { encodeCanonical } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import {
  JOIN_MESSAGE_BYTES_MAX,
  decodeJoinAnswer,
  decodeJoinRequest,
  decodeRenewalRequest,
  encodeJoinAnswer,
  encodeJoinRequest,
  encodeRenewalRequest,
} from './join-message.ts'
import type { JoinAnswer, JoinRefusal, JoinRequest, RenewalRequest } from './join-message.ts'

const request: JoinRequest = {
  invite: new Uint8Array(32).fill(1),
  kit: new Uint8Array(32).fill(2),
  memberName: 'Bo',
  deviceName: 'till',
  certificate: new Uint8Array(64).fill(3),
  proof: new Uint8Array(64).fill(4),
}
const { invite, kit, memberName, deviceName, certificate, proof } = request
const fields: Value[] = [1, invite, kit, memberName, deviceName, certificate, proof]

const renewal: RenewalRequest = {
  device: new Uint8Array(32).fill(5),
  kit,
  replaces: new Uint8Array(32).fill(6),
  ...{ memberName, deviceName, certificate, proof },
}
const renewalFields: Value[] = [
  2,
  renewal.device,
  kit,
  renewal.replaces,
  memberName,
  deviceName,
  certificate,
  proof,
]

const REFUSALS: readonly JoinRefusal[] = [
  'malformed',
  'invite-unknown',
  'invite-used',
  'invite-expired',
  'invite-revoked',
  'proof',
  'kit-unknown',
  'no-slots',
  'keys-used',
  'busy',
  'failed',
]

test('a request and every answer decode to what was encoded', () => {
  expect(decodeJoinRequest(encodeJoinRequest(request))).toEqual(request)
  const answers: JoinAnswer[] = [{ ok: true, genesis: Uint8Array.of(1, 2) }]
  for (const refusal of REFUSALS) answers.push({ ok: false, refusal })
  answers.push({ ok: false, refusal: 'waiting', place: 1 })
  for (const answer of answers) expect(decodeJoinAnswer(encodeJoinAnswer(answer))).toEqual(answer)
})

test('a request with a missing, additional or mistyped field is none', () => {
  expect(decodeJoinRequest(encodeCanonical(fields))).toEqual(request)
  const bad: Value[] = [null, {}, [], fields.with(0, 2), fields.slice(0, 6), [...fields, 0]]
  for (let at = 1; at < 7; at += 1)
    bad.push(fields.with(at, new Uint8Array(33)), fields.with(at, 7), fields.with(at, ''))
  for (const value of bad) expect(decodeJoinRequest(encodeCanonical(value))).toBe(null)
})

test('a request for a new key decodes to what was encoded, and is no request by an invite', () => {
  const bytes = encodeRenewalRequest(renewal)
  expect([...bytes]).toEqual([...encodeCanonical(renewalFields)])
  expect(decodeRenewalRequest(bytes)).toEqual(renewal)
  expect(decodeJoinRequest(bytes)).toBe(null)
  expect(decodeRenewalRequest(encodeJoinRequest(request))).toBe(null)
})

test('a request for a new key with a missing, additional or mistyped field is none', () => {
  const bad: Value[] = [
    ...[null, {}, [], renewalFields.with(0, 1), renewalFields.with(0, 3)],
    ...[renewalFields.slice(0, 7), [...renewalFields, 0]],
    ...[4, 5].map((at) => renewalFields.with(at, 'x'.repeat(NAME_LENGTH_MAX + 1))),
  ]
  for (let at = 1; at < 8; at += 1)
    bad.push(
      renewalFields.with(at, new Uint8Array(33)),
      renewalFields.with(at, 7),
      renewalFields.with(at, ''),
    )
  for (const value of bad) expect(decodeRenewalRequest(encodeCanonical(value))).toBe(null)
})

test('names of 64 units are taken, longer or hidden ones are not', () => {
  for (const at of [3, 4]) {
    expect(decodeJoinRequest(encodeCanonical(fields.with(at, 'x'.repeat(NAME_LENGTH_MAX))))).not.toBe(null)
    for (const name of ['x'.repeat(NAME_LENGTH_MAX + 1), ' x', 'a\u202eb'])
      expect(decodeJoinRequest(encodeCanonical(fields.with(at, name)))).toBe(null)
  }
})

test('an answer that is neither a genesis record nor a known refusal is none', () => {
  const bad: Value[] = [
    null,
    [],
    [1],
    [2, true, kit],
    [1, true, 'x'],
    [1, false, 'other'],
    [1, false, kit],
    [1, 1, kit],
  ]
  bad.push([1, true, kit, 0], [1, false, 'toString'], [1, false, 'busy', 1])
  bad.push(
    [1, false, 'waiting'],
    [1, false, 'waiting', 0],
    [1, false, 'waiting', 'x'],
    [1, true, 'waiting', 1],
  )
  for (const value of bad) expect(decodeJoinAnswer(encodeCanonical(value))).toBe(null)
})

test('8,192 bytes are looked at, one more is not', () => {
  const genesis = (length: number): Uint8Array => encodeCanonical([1, true, new Uint8Array(length)])
  const room = JOIN_MESSAGE_BYTES_MAX - genesis(8_000).length
  expect(decodeJoinAnswer(genesis(8_000 + room))?.ok).toBe(true)
  expect(decodeJoinAnswer(genesis(8_000 + room + 1))).toBe(null)
})

test('no mutation of a message throws', () => {
  const change = fc.tuple(fc.nat(), fc.nat(255))
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), fc.nat(1), (changes, which) => {
      const bytes = Uint8Array.from(
        which === 0 ? encodeJoinRequest(request) : encodeJoinAnswer({ ok: false, refusal: 'busy' }),
      )
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      const read = decodeJoinRequest(bytes)
      if (read !== null) expect(encodeJoinRequest(read)).toEqual(bytes)
      const answer = decodeJoinAnswer(bytes)
      if (answer !== null) expect(encodeJoinAnswer(answer)).toEqual(bytes)
    }),
    { numRuns: 300 },
  )
})
