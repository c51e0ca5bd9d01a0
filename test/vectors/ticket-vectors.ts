import nacl from 'tweetnacl'
import { concatBytes, encodeCanonical, toHex } from '#protocol/encoding'
import type { Value } from '#protocol/encoding'
import {
  blindHolderOf,
  blindSeatSecret,
  codeOf,
  codeText,
  commitmentOf,
  encodeBase45,
  evaluateRule,
  issueTicket,
  makeRotatingCode,
  nullifierOf,
  phoneSecretOf,
  readRule,
  ruleToValue,
  sealDetails,
  searchTagOf,
  slotAt,
  slotMessage,
  ticketMessage,
  ticketText,
} from '#protocol/tickets'
import type { RuleFacts, TicketDraft, TicketIds } from '#protocol/tickets'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { filled, tagged } from './vector-form.ts'
import type { Vector, VectorFile } from './vector-form.ts'

const { sha256 } = nodeCrypto()
const till = nodeSigner(filled(21))
const phone = nodeSigner(filled(22))
const ids: TicketIds = {
  coop: filled(0xc0),
  event: 'event/dmfa4yt7vxkq2cjeznwo3h5u6b',
  class: 'seat-aq7hwx3kfz5tnb2cyjmo4u6des',
  bucket: 'admission-hc5ob3xwk7jqtz2ynv4fmd6uae',
}
const plain: TicketDraft = {
  ...{ serial: 1_207, seatSecret: filled(5, 16), nonce: filled(6, 8), validity: null },
  ...{ seatHash: null, holder: null },
}
const bound: TicketDraft = { ...plain, serial: 1_208, holder: phone.publicKey }
const blindHolder = blindHolderOf(phone, sha256)
const blind: TicketDraft = { ...bound, serial: 1_209, seatSecret: null, seatHash: blindHolder.slice(32) }
const NOW_MS = 1_800_000_015_000

/** docs/protocol/tickets.md */
export function ticketVectors(): VectorFile {
  return {
    about: [
      'tickets: what is issued <-> body, signed message, bytes, text, tags and sealed details. The seed is the issuer. A blind one has a seat hash.',
      'invalidDrafts: what is never issued. invalidTickets, invalidTexts: bytes and texts that are no ticket.',
      'forged: bytes that can be taken apart, of which no signature holds for the ids and the device of the first ticket.',
      'rotating: codes of a ticket with holder (the seed) at a time. shown: what a gate makes of one at its own time.',
      'codes: what people type <-> hex. sealed: what a code opens. Both with invalid ones.',
      'rules: a rule and facts, with the leaf that fails or null. invalidRules: values that are no rule.',
    ],
    tickets: tickets(),
    invalidDrafts: invalidDrafts(),
    invalidTickets: invalidTickets(),
    invalidTexts: invalidTexts(),
    forged: forged(),
    rotating: [
      rotating('in 2027', NOW_MS),
      rotating('at slot 0', 0),
      rotating('in a slot that is 0 mod 65,536', 1_800_929_280_000),
      rotating('of a blind ticket', NOW_MS, blind),
    ],
    shown: shown(),
    codes: codes(),
    invalidCodes: invalidCodes(),
    invalidSealed: invalidSealed(),
    rules: rules(),
    invalidRules: invalidRules(),
  }
}

function issued(draft: TicketDraft): { bytes: Uint8Array; body: Uint8Array } {
  const result = issueTicket(ids, draft, till)
  if (!result.ok) throw new Error(result.refusal)
  return result
}

function draftFields(draft: TicketDraft): Record<string, unknown> {
  const { serial, seatSecret, seatHash, nonce, validity, holder } = draft
  const bytes = { seatSecret: seatSecret === null ? null : toHex(seatSecret), nonce: toHex(nonce), holder: holder === null ? null : toHex(holder) }
  return { serial, ...bytes, ...(seatHash === null ? {} : { seatHash: toHex(seatHash) }), validity }
}

function tickets(): Vector[] {
  const cases: [string, TicketDraft, string | null][] = [
    ['without holder, valid as the class says', plain, null],
    ['with holder and details', bound, 'Zoë 門'],
    ['all fields at their lowest', { ...plain, serial: 0, validity: { fromMinute: 1, forMinutes: 1 } }, 'A'],
    [
      'all fields at their highest',
      { ...bound, serial: 0xffffff, validity: { fromMinute: 0xffffffff, forMinutes: 0xffffff } },
      'x'.repeat(200),
    ],
    ['reissued: the first with another nonce', { ...plain, nonce: filled(7, 8) }, null],
    ['blind', blind, null],
  ]
  return cases.map(([name, draft, details]) => {
    const { bytes, body } = issued(draft)
    const code = codeOf(ids.event, body, sha256)
    const hexes = {
      ...{ coop: ids.coop, seed: filled(21), body, message: ticketMessage(ids, body), bytes },
      commitment: commitmentOf(ids.event, body, sha256),
    }
    const { seatSecret } = draft
    const nullifier = seatSecret === null ? null : toHex(nullifierOf(ids.event, seatSecret, sha256))
    const more = {
      ...{ code, searchTag: searchTagOf(ids.event, code, sha256) },
      sealed: sealDetails(ids.event, body, details, sha256),
    }
    const { event, class: seat, bucket } = ids
    const texts = { text: ticketText(bytes), codeText: codeText(code), details }
    return { name, event, class: seat, bucket, ...draftFields(draft), ...texts, ...inHex(hexes), nullifier, ...inHex(more) }
  })
}

function inHex(fields: Record<string, Uint8Array>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, it]) => [name, toHex(it)]))
}

function invalidDrafts(): Vector[] {
  const cases: [string, Partial<TicketDraft>, string][] = [
    ['a serial of four bytes', { serial: 0x1000000 }, 'serial'],
    ['a serial below 0', { serial: -1 }, 'serial'],
    ['half a serial', { serial: 0.5 }, 'serial'],
    ['a seat secret of 15 bytes', { seatSecret: filled(5, 15) }, 'seat-secret'],
    ['a seat hash of 15 bytes', { ...blind, seatHash: filled(5, 15) }, 'seat-hash'],
    ['a seat hash and a seat secret', { ...blind, seatSecret: filled(5, 16) }, 'seat-hash'],
    ['a seat hash without holder', { ...blind, holder: null }, 'holder'],
    ['neither seat secret nor seat hash', { seatSecret: null }, 'seat-secret'],
    ['a nonce of 9 bytes', { nonce: filled(6, 9) }, 'nonce'],
    ['a holder of 31 bytes', { holder: filled(1, 31) }, 'holder'],
    ['valid from minute 0', { validity: { fromMinute: 0, forMinutes: 1 } }, 'validity'],
    ['valid for no minute', { validity: { fromMinute: 1, forMinutes: 0 } }, 'validity'],
    ['a beginning of five bytes', { validity: { fromMinute: 2 ** 32, forMinutes: 1 } }, 'validity'],
    ['a length of four bytes', { validity: { fromMinute: 1, forMinutes: 2 ** 24 } }, 'validity'],
  ]
  return cases.map(([name, it, refusal]) => ({ name, ...draftFields({ ...plain, ...it }), refusal }))
}

function invalidTickets(): Vector[] {
  const { bytes } = issued(plain)
  const holder = issued(bound).bytes
  const code = makeRotatingCode(holder, NOW_MS, phone, sha256) ?? new Uint8Array()
  const blindCode = makeRotatingCode(issued(blind).bytes, NOW_MS, phone, sha256) ?? new Uint8Array()
  const cases: [string, Uint8Array, string][] = [
    ['nothing', new Uint8Array(), 'not-a-ticket'],
    ['version 0', bytes.with(0, 0x00), 'unknown-version'],
    ['version 2', bytes.with(0, 0x20), 'unknown-version'],
    ['a seat hash without holder', bytes.with(0, 0x12), 'not-a-ticket'],
    ['a flag that is not known', holder.with(0, 0x15), 'not-a-ticket'],
    ['all flags', holder.with(0, 0x1f), 'not-a-ticket'],
    ['one byte short', bytes.subarray(0, 114), 'truncated'],
    ['one byte more', concatBytes(bytes, filled(0, 1)), 'too-long'],
    ['a holder flag without holder', bytes.with(0, 0x11), 'truncated'],
    ['a holder without its flag', holder.with(0, 0x10), 'too-long'],
    ['a rotating code one byte short', code.subarray(0, 212), 'truncated'],
    ['a rotating code one byte too long', concatBytes(code, filled(0, 1)), 'too-long'],
    ['a blind ticket whose code lacks the secret', code.with(0, 0x13), 'truncated'],
    ['a blind code one byte short', blindCode.subarray(0, 228), 'truncated'],
    ['a blind code one byte too long', concatBytes(blindCode, filled(0, 1)), 'too-long'],
    ['a secret without slot', blindCode.subarray(0, 163), 'truncated'],
    ['a secret with a ticket that is not blind', blindCode.with(0, 0x11), 'too-long'],
    ['a slot without signature', code.subarray(0, 149), 'truncated'],
    ['a beginning without length', bytes.with(47, 1), 'not-a-ticket'],
    ['a length without beginning', bytes.with(50, 1), 'not-a-ticket'],
  ]
  return cases.map(([name, it, refusal]) => ({ name, bytes: toHex(it), refusal }))
}

function invalidTexts(): Vector[] {
  const { bytes } = issued(plain)
  const text = ticketText(bytes)
  const cases: [string, string, string][] = [
    ['nothing', '', 'not-a-ticket'],
    ['nothing behind the prefix', 'CT:', 'not-a-ticket'],
    ['no prefix', encodeBase45(bytes), 'not-a-ticket'],
    ['small letters', text.toLowerCase(), 'not-a-ticket'],
    ['a link', 'https://example.org/ticket', 'not-a-ticket'],
    ['a letter outside the alphabet', `${text.slice(0, 50)}_${text.slice(51)}`, 'not-a-ticket'],
    ['a line end inside', `${text.slice(0, 50)}\n${text.slice(50)}`, 'not-a-ticket'],
    ['a blank more inside', `${text.slice(0, 50)} ${text.slice(50)}`, 'not-a-ticket'],
    ['cut off after one of a group', text.slice(0, -1), 'truncated'],
    ['cut off after two of a group', text.slice(0, -3), 'truncated'],
    ['cut off after one letter', text.slice(0, 4), 'not-a-ticket'],
    ['a group above 65,535', `CT:GGW${text.slice(6)}`, 'not-a-ticket'],
    ['a last group above 255', `${text.slice(0, -2)}V5`, 'not-a-ticket'],
    ['one byte short', ticketText(bytes.subarray(0, 114)), 'truncated'],
    ['a later version', ticketText(bytes.with(0, 0x20)), 'unknown-version'],
    ['513 characters', text.padEnd(513), 'too-long'],
  ]
  return cases.map(([name, it, refusal]) => ({ name, text: it, refusal }))
}

function forged(): Vector[] {
  const { bytes, body } = issued(plain)
  const signedBy = (other: Partial<TicketIds>, signer = till): Uint8Array =>
    concatBytes(body, signer.sign(ticketMessage({ ...ids, ...other }, body)))
  const cases: [string, Uint8Array][] = [
    ['another serial', bytes.with(19, 0)],
    ['another seat secret', bytes.with(20, 0)],
    ['another event tag', bytes.with(1, 0)],
    ['the last byte of the signature', bytes.with(114, (bytes[114] ?? 0) ^ 1)],
    ['signed by another device', signedBy({}, phone)],
    ['signed for another co-op', signedBy({ coop: filled(0xc1) })],
    ['signed for another event', signedBy({ event: `${ids.event.slice(0, -1)}c` })],
    ['signed for another class', signedBy({ class: `${ids.class.slice(0, -1)}t` })],
    ['signed for another bucket', signedBy({ bucket: `${ids.bucket.slice(0, -1)}f` })],
    ['a body that is signed alone', concatBytes(body, till.sign(body))],
    ['a signature of zeros', concatBytes(body, filled(0, 64))],
  ]
  return cases.map(([name, it]) => ({ name, bytes: toHex(it), text: ticketText(it) }))
}

function rotating(name: string, atMs: number, draft: TicketDraft = bound): Vector {
  const ticket = issued(draft).bytes
  const bytes = makeRotatingCode(ticket, atMs, phone, sha256) ?? new Uint8Array()
  const isBlind = draft.seatHash !== null
  const secret = phoneSecretOf(phone, sha256)
  const message = slotMessage(isBlind ? concatBytes(ticket, secret) : ticket, slotAt(atMs), sha256)
  const hexes = inHex({ ticket, seed: filled(22), message, bytes })
  const row = { name, atMs, slot: slotAt(atMs), ...hexes, text: ticketText(bytes) }
  if (!isBlind) return row
  const seatSecret = blindSeatSecret(phone.publicKey, secret, sha256)
  const nullifier = nullifierOf(ids.event, seatSecret, sha256)
  const fields = inHex({ secret, seatSecret, seatHash: blindHolder.slice(32), nullifier })
  return { ...row, blind: { ...fields, event: ids.event } }
}

function shown(): Vector[] {
  const ticket = issued(bound).bytes
  const code = (slots: number): Uint8Array =>
    makeRotatingCode(ticket, NOW_MS + slots * 30_000, phone, sha256) ?? new Uint8Array()
  const now = code(0)
  const blindTicket = issued(blind).bytes
  const blindCode = makeRotatingCode(blindTicket, NOW_MS, phone, sha256) ?? new Uint8Array()
  const otherSecret = concatBytes(blindTicket, filled(9, 16))
  const slot = blindCode.slice(163, 165)
  const signedOther = phone.sign(slotMessage(otherSecret, slotAt(NOW_MS), sha256))
  const signedShort = phone.sign(slotMessage(blindTicket, slotAt(NOW_MS), sha256))
  const cases: [string, Uint8Array, object][] = [
    ['blind', blindCode, { state: 'fine' }],
    ['blind, without code', blindTicket, { state: 'missing' }],
    ['blind, another secret', blindCode.with(147, (blindCode[147] ?? 0) ^ 1), { state: 'forged' }],
    ['blind, another secret that the phone signed', concatBytes(otherSecret, slot, signedOther), { state: 'forged' }],
    ['blind, signed without the secret', concatBytes(blindCode.slice(0, 165), signedShort), { state: 'forged' }],
    ['in its slot', now, { state: 'fine' }],
    ['one slot late', code(-1), { state: 'fine' }],
    ['one slot ahead', code(1), { state: 'fine' }],
    ['two slots late', code(-2), { state: 'old', ageMs: 45_000 }],
    ['20 slots late', code(-20), { state: 'old', ageMs: 585_000 }],
    ['21 slots late', code(-21), { state: 'clock', aheadMs: -645_000 }],
    ['two slots ahead', code(2), { state: 'clock', aheadMs: 45_000 }],
    ['32,768 slots late', code(-32_768), { state: 'clock', aheadMs: -983_055_000 }],
    ['32,768 slots ahead, which is taken for late', code(32_768), { state: 'forged' }],
    ['another slot than the one signed', now.with(148, (now[148] ?? 0) ^ 1), { state: 'forged' }],
    ['another signature', now.with(149, (now[149] ?? 0) ^ 1), { state: 'forged' }],
    ['without code', ticket, { state: 'missing' }],
    ['without holder', issued(plain).bytes, { state: 'none' }],
  ]
  return cases.map(([name, bytes, state]) => ({ name, bytes: toHex(bytes), nowMs: NOW_MS, state }))
}

const CODE = Uint8Array.from([0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf])

function codes(): Vector[] {
  const text = codeText(CODE)
  const cases: [string, string][] = [
    ['as it is printed', text],
    ['without dashes, in small letters', text.replaceAll('-', '').toLowerCase()],
    ['blanks and long dashes', ` ${text.replaceAll('-', ' \u2013 ')}\r\n`],
    ['O for 0, I for 1', text.replaceAll('0', 'O').replaceAll('1', 'I')],
    ['o for 0, l for 1', text.replaceAll('0', 'o').replaceAll('1', 'l')],
  ]
  return cases.map(([name, it]) => ({ name, text: it, hex: toHex(CODE), printed: text }))
}

function invalidCodes(): Vector[] {
  const text = codeText(CODE)
  const cases: [string, string][] = [
    ['nothing', ''],
    ['15 letters', text.slice(0, -1)],
    ['17 letters', `${text}0`],
    ['a U', `U${text.slice(1)}`],
    ['a dotless i', `\u0131${text.slice(1)}`],
    ['a point between', text.replace('-', '.')],
    ['65 characters', text.padEnd(65)],
  ]
  return cases.map(([name, it]) => ({ name, text: it }))
}

function invalidSealed(): Vector[] {
  const { body } = issued(plain)
  const code = codeOf(ids.event, body, sha256)
  const key = sha256(encodeCanonical(['coopmesh ticket details', ids.event, code]))
  const seal = (value: Value): Uint8Array => nacl.secretbox(encodeCanonical(value), new Uint8Array(24), key)
  const good = sealDetails(ids.event, body, 'Ada', sha256)
  const cases: [string, Uint8Array][] = [
    ['nothing', new Uint8Array()],
    ['one byte changed', good.with(20, (good[20] ?? 0) ^ 1)],
    ['one byte short', good.subarray(0, -1)],
    ['the body of another code', seal([issued(bound).body, 'Ada'])],
    ['no body', seal([null, 'Ada'])],
    ['details that are empty', seal([body, ''])],
    ['details of 201 bytes', seal([body, 'x'.repeat(201)])],
    ['details of two lines', seal([body, 'a\nb'])],
    ['one field more', seal([body, null, null])],
  ]
  const fields = { event: ids.event, code: toHex(code) }
  return cases.map(([name, it]) => ({ name, ...fields, sealed: toHex(it) }))
}

function rules(): Vector[] {
  const facts: RuleFacts = {
    ...{ nowMs: 1_795_905_000_000, gate: 'North', zone: 'Hall', class: ids.class, entriesMs: [] },
    ...{ utcOffsetMin: 60, dayStartMin: 360 },
  }
  const anHourAgo = { entriesMs: [facts.nowMs - 3_600_000] }
  const yesterday = { entriesMs: [facts.nowMs - 86_400_000] }
  const cases: [string, Value, Partial<RuleFacts>][] = [
    ['first entry', ['entries', 1], {}],
    ['second entry', ['entries', 1], anHourAgo],
    ['once a day, came today', ['entries-today', 1], anHourAgo],
    ['once a day, came yesterday', ['entries-today', 1], yesterday],
    ['an hour between', ['minutes-since-entry', 60], anHourAgo],
    ['a minute short of an hour and one', ['minutes-since-entry', 61], anHourAgo],
    ['this class', ['class', [ids.class]], {}],
    ['another gate', ['gate', ['East', 'South']], {}],
    ['no zone', ['zone', ['Hall']], { zone: null }],
    ['from now', ['time', facts.nowMs, null], {}],
    ['until now', ['time', null, facts.nowMs], {}],
    ['22:00 to 06:00', ['day-time', 1_320, 360], {}],
    ['the first leaf of any', ['any', ['gate', ['South']], ['entries', 1]], anHourAgo],
    ['not', ['all', ['gate', ['North']], ['not', ['zone', ['Bar', 'Hall']]]], {}],
  ]
  return cases.map(([name, value, more]) => {
    const read = readRule(value)
    if (!read.ok) throw new Error(`${name}: ${read.refusal}`)
    const failed = evaluateRule(read.rule, { ...facts, ...more })
    return {
      ...{ name, rule: value, hex: toHex(encodeCanonical(value)), facts: { ...facts, ...more } },
      failed: failed === null ? null : ruleToValue(failed),
    }
  })
}

function invalidRules(): Vector[] {
  const leaf: Value = ['entries', 1]
  const cases: [string, Value, string][] = [
    ['null', null, 'shape'],
    ['no name', [], 'shape'],
    ['nothing in all', ['all'], 'shape'],
    ['two in not', ['not', leaf, leaf], 'shape'],
    ['one time', ['time', 1], 'shape'],
    ['bytes', filled(1, 2), 'shape'],
    ['an unknown rule', ['entry', 1], 'unknown-rule'],
    ['capitals', ['ALL', leaf], 'unknown-rule'],
    ['no entry', ['entries', 0], 'number'],
    ['10,001 entries', ['entries-today', 10_001], 'number'],
    ['no time', ['time', null, null], 'number'],
    ['times that are one', ['time', 5, 5], 'number'],
    ['minute 1,440', ['day-time', 0, 1_440], 'number'],
    ['an empty list', ['gate', []], 'list'],
    ['33 gates', ['gate', Array.from({ length: 33 }, (_, i) => `g${String(i).padStart(2, '0')}`)], 'list'],
    ['a class that is no seat unit', ['class', [ids.bucket]], 'list'],
    ['a list out of order', ['gate', ['South', 'North']], 'list-order'],
    ['a name that is there twice', ['zone', ['Hall', 'Hall']], 'list-order'],
    ['five deep', ['not', ['not', ['not', ['not', leaf]]]], 'too-deep'],
    ['33 rules', ['all', ...Array.from({ length: 32 }, () => leaf)], 'too-many'],
  ]
  return cases.map(([name, value, refusal]) => {
    return { name, value: tagged(value), hex: toHex(encodeCanonical(value)), refusal }
  })
}
