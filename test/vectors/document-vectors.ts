import {
  AUTHORITY,
  admissionMessage,
  decodeGenesis,
  encodeAuthorityEntries,
  inviteSigner,
  renewalMessage,
} from '#protocol/authority'
import type { RenewalEntry } from '#protocol/authority'
import { encodeBoardPayload } from '#protocol/board'
import { CATALOGUE, encodeCatalogueEntries } from '#protocol/catalogue'
import type { CatalogueEntry } from '#protocol/catalogue'
import { foundCoop } from '#protocol/coop'
import { decodeCanonical, encodeCanonical, fromHex, toHex } from '#protocol/encoding'
import type { Value } from '#protocol/encoding'
import { certifyDevice } from '#protocol/identity'
import type { Replica } from '#protocol/replica'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { writerClientId } from '#protocol/shared'
import { filled, tagged } from './vector-form.ts'
import type { Vector, VectorFile } from './vector-form.ts'

const crypto = nodeCrypto()
const { sha256 } = crypto
const kit = nodeSigner(filled(1))
const founder = nodeSigner(filled(2))
const boKit = nodeSigner(filled(3))
const bo = nodeSigner(filled(4))
const [boNext, boThird] = [nodeSigner(filled(5)), nodeSigner(filled(6))]
const invite = inviteSigner(filled(7, 16), sha256)
const cid = Uint8Array.of(1, 0x55, 0x12, 0x20, ...filled(9))

/** docs/protocol/documents.md */
export function documentVectors(): VectorFile {
  const { genesis, replica, coop, log } = storyOf()
  const hashes = replica
    .documentIds()
    .map((id) => [id, toHex(replica.document(id)?.stateHash() ?? filled(0))])
  return {
    about: [
      'genesis: record -> co-op id. log: commits in order with what each section carries and the state hashes after all.',
      'verdict is ok or the refusal with which a replica holding the log refuses that section of the founder.',
    ],
    genesis: [
      { name: 'North Market', record: toHex(genesis), value: tagged(valueOf(genesis)), coop: toHex(coop) },
    ],
    invalidGenesis: invalidGenesis(genesis),
    log: log.map(([name, record]) => ({ name, record })),
    states: [
      { name: 'after the whole log', hashes: Object.fromEntries(hashes), root: toHex(replica.heads.root()) },
    ],
    sections: sections(replica, coop),
  }
}

function storyOf(): { genesis: Uint8Array; replica: Replica; coop: Uint8Array; log: [string, string][] } {
  const names = { name: 'North Market', memberName: 'Ada', deviceName: 'nas' }
  const founded = foundCoop({ ...names, kit, device: founder, nonce: filled(5, 16), nowMs: 1_000 }, crypto)
  if (!founded.ok) throw new Error(founded.refusal)
  const { replica, coop, genesis } = founded
  const log: [string, string][] = [
    ['the founding commit', toHex(founded.stored[0]?.record.bytes ?? filled(0))],
  ]
  const write = (name: string, document: string, payload: Uint8Array, entries = 1): void => {
    const result = replica.author([{ document, entries, payload }], 2_000)
    if (!result.ok) throw new Error(`${name}: ${result.refusal}`)
    log.push([name, toHex(result.commit.bytes)])
  }
  write('an invite for one venue', AUTHORITY, inviteEntry(invite.publicKey, 1))
  write('the admission of Bo', AUTHORITY, admitEntry(coop, bo.publicKey))
  write('a new key of Bo', AUTHORITY, renewalEntry(coop, boNext))
  const list: CatalogueEntry = { t: 'list', cid, name: 'menu.pdf', sizeBytes: 12, kind: 'file' }
  write('an asset is listed and held', CATALOGUE, encodeCatalogueEntries([list, { t: 'hold', cid }]), 2)
  write('a board says hi', 'board/wall', boardPayload(replica, 0, 'hi'))
  return { genesis, replica, coop, log }
}

function inviteEntry(key: Uint8Array, uses: number): Uint8Array {
  return encodeAuthorityEntries([{ t: 'invite', key, role: 'venue', uses, expiresMs: 3_000 }])
}

function admitEntry(coop: Uint8Array, device: Uint8Array): Uint8Array {
  const claim = {
    invite: invite.publicKey,
    device,
    kit: boKit.publicKey,
    memberName: 'Bo',
    deviceName: 'till',
  }
  const proof = invite.sign(admissionMessage(coop, claim, sha256))
  return encodeAuthorityEntries([
    { t: 'admit', ...claim, certificate: certifyDevice(boKit, coop, device), proof },
  ])
}

/** Bo's key `next` in the place of the first one, with some fields changed after it was signed. */
function renewalEntry(
  coop: Uint8Array,
  next: typeof bo,
  changes: Partial<RenewalEntry> = {},
  replaces = bo.publicKey,
): Uint8Array {
  const keys = { device: next.publicKey, kit: boKit.publicKey, replaces }
  const claim = { ...keys, memberName: 'Bo', deviceName: 'till' }
  const proof = next.sign(renewalMessage(coop, claim, sha256))
  const certificate = certifyDevice(boKit, coop, next.publicKey)
  return encodeAuthorityEntries([{ t: 'device', ...claim, certificate, proof, ...changes }])
}

/** One struct of text in root `text`, written under the founder's session 1: its admission is the founding commit (Yjs update, version 1). */
function boardPayload(replica: Replica, clock: number, text: string): Uint8Array {
  const writer = writerClientId(sha256, replica.coop, fromHex(replica.standing?.admission ?? '') ?? filled(0), 'board/wall', 1)
  const ascii = (it: string): number[] => [it.length, ...new TextEncoder().encode(it)]
  // The first struct names the root; a later one goes behind the clock before it.
  const place = clock === 0 ? [4, 1, ...ascii('text')] : [0x84, ...varUint(writer), clock - 1]
  const struct = [...place, ...ascii(text)]
  return encodeBoardPayload({
    session: 1,
    update: Uint8Array.of(1, 1, ...varUint(writer), clock, ...struct, 0),
  })
}

function varUint(number: number): number[] {
  return number < 128 ? [number] : [(number % 128) + 128, ...varUint(Math.floor(number / 128))]
}

function valueOf(bytes: Uint8Array): Value {
  const decoded = decodeCanonical(bytes)
  return decoded.ok ? decoded.value : null
}

function invalidGenesis(genesis: Uint8Array): Vector[] {
  const record = valueOf(genesis) as { [key: string]: Value }
  const cases: [string, Value][] = [
    ['version 2', { ...record, v: 2 }],
    ['one field more', { ...record, more: 1 }],
    ['a blank at the end of the name', { ...record, name: 'North Market ' }],
    ['an unknown quorum', { ...record, quorum: 'all' }],
    ['a nonce of 15 bytes', { ...record, nonce: filled(5, 15) }],
  ]
  const invalid = cases.map(([name, value]) => ({ name, record: toHex(encodeCanonical(value)) }))
  if (invalid.some((it) => decodeGenesis(Buffer.from(it.record, 'hex')) !== null))
    throw new Error('a record is valid')
  return invalid
}

function sections(replica: Replica, coop: Uint8Array): Vector[] {
  const entry = (value: Value): Uint8Array => encodeCanonical([value])
  const cases: [string, string, Uint8Array][] = [
    ['an invite', AUTHORITY, inviteEntry(filled(8), 64)],
    ['an invite for 65 uses', AUTHORITY, inviteEntry(filled(8), 64 + 1)],
    ['an invite whose key is known', AUTHORITY, inviteEntry(invite.publicKey, 1)],
    ['uses added to an invite', AUTHORITY, encodeAuthorityEntries([{ t: 'extend', key: invite.publicKey, uses: 64 }])],
    ['65 uses added to an invite', AUTHORITY, encodeAuthorityEntries([{ t: 'extend', key: invite.publicKey, uses: 65 }])],
    ['the end of an invite', AUTHORITY, encodeAuthorityEntries([{ t: 'revoke', key: invite.publicKey }])],
    ['the end of an unknown invite', AUTHORITY, encodeAuthorityEntries([{ t: 'revoke', key: filled(8) }])],
    ['an invite that is used up', AUTHORITY, admitEntry(coop, founder.publicKey)],
    [
      'an invite as steward',
      AUTHORITY,
      entry({ t: 'invite', key: filled(8), role: 'steward', uses: 1, expiresMs: 0 }),
    ],
    ['another new key of Bo', AUTHORITY, renewalEntry(coop, boThird)],
    ['a new key in the place of a new key', AUTHORITY, renewalEntry(coop, boThird, {}, boNext.publicKey)],
    ['a new key that is admitted already', AUTHORITY, renewalEntry(coop, boNext)],
    ['a new key in the place of nobody', AUTHORITY, renewalEntry(coop, boThird, {}, filled(8))],
    [
      'a new key in the place of that of another member',
      AUTHORITY,
      renewalEntry(coop, boThird, {}, founder.publicKey),
    ],
    [
      'a new key that another kit certified',
      AUTHORITY,
      renewalEntry(coop, boThird, { certificate: certifyDevice(kit, coop, boThird.publicKey) }),
    ],
    ['a new key that agreed to another name', AUTHORITY, renewalEntry(coop, boThird, { deviceName: 'door' })],
    ['a new key without a kit', AUTHORITY, entry({ t: 'device', device: filled(8), replaces: bo.publicKey })],
    ['an asset', CATALOGUE, encodeCatalogueEntries([{ t: 'hold', cid }])],
    [
      'an asset with a CID of dag-cbor',
      CATALOGUE,
      encodeCatalogueEntries([{ t: 'hold', cid: cid.with(1, 0x71) }]),
    ],
    [
      'a listing that nobody made',
      CATALOGUE,
      encodeCatalogueEntries([{ t: 'unlist', commit: filled(8), index: 0 }]),
    ],
    ['the next text on the board', 'board/wall', boardPayload(replica, 2, 'ho')],
    ['a text at a clock that is taken', 'board/wall', boardPayload(replica, 0, 'ho')],
    ['a text at a clock that leaves a gap', 'board/wall', boardPayload(replica, 9, 'ho')],
    ['no session and update', 'board/wall', entry(1)],
  ]
  return cases.map(([name, document, payload]) => {
    const verdict = replica.check([{ document, entries: 1, payload }])
    return { name, document, payload: toHex(payload), verdict: verdict.ok ? 'ok' : verdict.refusal }
  })
}
