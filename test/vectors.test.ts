import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { fileCid, parseAssetCid, verifyLeafHashes } from '#protocol/asset'
import { admissionMessage, decodeGenesis, encodeGenesis, inviteSigner } from '#protocol/authority'
import { decodeBoardPayload, encodeBoardPayload } from '#protocol/board'
import { commitMessage, decodeHeader, decodeRecord, encodeHeader, encodeRecord } from '#protocol/commit'
import type { CommitRecord, Header } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import { decodeCanonical, encodeCanonical, fromHex, toHex } from '#protocol/encoding'
import {
  SignatureRule,
  deviceFromText,
  deviceText,
  isCertified,
  portableSigner,
  portableVerify,
  signedMessage,
} from '#protocol/identity'
import type { SignaturePurpose } from '#protocol/identity'
import {
  decodeJoinAnswer,
  decodeJoinRequest,
  encodeJoinAnswer,
  encodeJoinRequest,
  formatInviteLink,
  parseInviteLink,
} from '#protocol/invite'
import { writerClientId } from '#protocol/shared'
import { FRAME_BYTES_MAX, FrameSplitter, decodeFrame, encodeFrame } from '#protocol/sync'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { assetContent, leafHashes } from './vectors/asset-vectors.ts'
import { boardOf, contextOf, settle } from './vectors/board-vectors.ts'
import { vectorFiles } from './vectors/make.ts'
import { bytesOf, tagged } from './vectors/vector-form.ts'
import type { Hex, Tagged } from './vectors/vector-form.ts'

const crypto = nodeCrypto()
const { sha256 } = crypto
const rule = new SignatureRule(crypto)
const folder = new URL('./vectors/', import.meta.url)

/** The lists of a vector file, as the test that reads them expects them. */
function read(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
}

/** Runs a check on every vector and names the one that fails. */
function each<T extends { name: string }>(rows: readonly T[], check: (row: T) => void): void {
  expect(rows.length).toBeGreaterThan(0)
  for (const row of rows) {
    try {
      check(row)
    } catch (cause) {
      throw new Error(`vector '${row.name}'`, { cause })
    }
  }
}

type Row<T> = { name: string } & T
type Refused<T> = Row<T & { refusal: string }>

const bytes = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array()
const refusalOf = (result: { ok: true } | { ok: false; refusal: string }): string =>
  result.ok ? 'ok' : result.refusal

test('the script makes the files that are here, byte for byte', () => {
  const made = vectorFiles()
  expect(
    readdirSync(folder)
      .filter((it) => it.endsWith('.json'))
      .sort(),
  ).toEqual(Object.keys(made).sort())
  for (const [name, text] of Object.entries(made))
    expect(readFileSync(new URL(name, folder), 'utf8')).toBe(text)
})

test('every vector has a name of its own in its list', () => {
  for (const name of readdirSync(folder).filter((it) => it.endsWith('.json'))) {
    const { about, ...lists } = read(name) as Record<string, { name: string }[]>
    expect(about?.length).toBeGreaterThan(0)
    for (const [list, rows] of Object.entries(lists))
      expect(new Set(rows.map((row) => row.name)).size, `${name} ${list}`).toBe(rows.length)
  }
})

test('encoding.json: values and refusals', () => {
  type File = { valid: Row<{ hex: Hex; value?: Tagged }>[]; invalid: Refused<{ hex: Hex }>[] }
  const { valid, invalid } = read('encoding.json') as File
  each(valid, ({ hex, value }) => {
    const decoded = decodeCanonical(bytesOf(hex))
    if (!decoded.ok) throw new Error(decoded.refusal)
    if (value !== undefined) expect(tagged(decoded.value)).toEqual(value)
    expect(encodeCanonical(decoded.value)).toEqual(bytesOf(hex))
  })
  each(invalid, ({ hex, refusal }) => expect(decodeCanonical(bytesOf(hex))).toEqual({ ok: false, refusal }))
})

test('identity.json: keys, device texts and signed messages', () => {
  type File = {
    keys: Row<{ seed: string; publicKey: string; device: string }>[]
    invalidDevices: Row<{ text: string }>[]
    messages: Row<{ purpose: SignaturePurpose; parts: string[]; hex: string }>[]
    inviteKeys: Row<{ secret: string; hashed: string; seed: string; publicKey: string }>[]
  }
  const { keys, invalidDevices, messages, inviteKeys } = read('identity.json') as File
  each(keys, ({ seed, publicKey, device }) => {
    expect(toHex(nodeSigner(bytes(seed)).publicKey)).toBe(publicKey)
    expect(toHex(portableSigner(bytes(seed)).publicKey)).toBe(publicKey)
    expect([deviceText(bytes(publicKey)), toHex(deviceFromText(device) ?? bytes(''))]).toEqual([
      device,
      publicKey,
    ])
  })
  each(invalidDevices, ({ text }) => expect(deviceFromText(text)).toBe(null))
  each(messages, ({ purpose, parts, hex }) =>
    expect(toHex(signedMessage(purpose, ...parts.map(bytes)))).toBe(hex),
  )
  each(inviteKeys, ({ secret, hashed, seed, publicKey }) => {
    expect(toHex(sha256(bytes(hashed)))).toBe(seed)
    expect(toHex(nodeSigner(bytes(seed)).publicKey)).toBe(publicKey)
    expect(toHex(inviteSigner(bytes(secret), sha256).publicKey)).toBe(publicKey)
  })
})

test('identity.json: signatures and certificates', () => {
  type File = {
    signatures: Row<{ publicKey: string; message: string; signature: string; valid: boolean }>[]
    certificates: Row<{ kit: string; scope: string; device: string; certificate: string; valid: boolean }>[]
  }
  const { signatures, certificates } = read('identity.json') as File
  const portable = new SignatureRule({ sha256, verify: portableVerify })
  each(signatures, ({ publicKey, message, signature, valid }) => {
    const verdicts = [rule, portable].map((it) =>
      it.verify(bytes(publicKey), bytes(message), bytes(signature)),
    )
    expect(verdicts).toEqual([valid, valid])
  })
  each(certificates, (row) => {
    const [kit, scope, device, certificate] = [row.kit, row.scope, row.device, row.certificate].map(bytes)
    if (!kit || !scope || !device || !certificate) throw new Error('a field is missing')
    expect(isCertified(rule, { kit, scope, device, certificate })).toBe(row.valid)
  })
})

test('commit.json: commits, from their fields to their bytes and back', () => {
  type Head = { device: string; seq: number; id: string }
  type Section = { document: string; entries: number; hash: string; length: number }
  type Fields = {
    coop: string
    device: string
    seq: number
    prev: string | null
    epoch: string
    seen: Head[]
  }
  type Commit = { seed: string; fields: Fields & { timeMs: number; sections: Section[] }; payloads: string[] }
  type File = { commits: Row<Commit & { header: string; id: string; signature: string; record: string }>[] }
  each((read('commit.json') as File).commits, (row) => {
    const { fields, payloads } = row
    const header: Header = {
      coop: bytes(fields.coop),
      device: bytes(fields.device),
      seq: fields.seq,
      prev: fields.prev === null ? null : bytes(fields.prev),
      epoch: bytes(fields.epoch),
      seen: fields.seen.map((it) => ({
        device: bytes(it.device),
        seq: it.seq,
        id: bytes(it.id),
      })),
      timeMs: fields.timeMs,
      sections: fields.sections.map((it) => ({ ...it, hash: bytes(it.hash) })),
    }
    expect(toHex(encodeHeader(header))).toBe(row.header)
    expect(decodeHeader(bytes(row.header))).toEqual({ ok: true, header })
    expect(toHex(sha256(bytes(row.header)))).toBe(row.id)
    expect(toHex(nodeSigner(bytes(row.seed)).sign(commitMessage(bytes(row.id))))).toBe(row.signature)
    expect(toHex(encodeRecord(bytes(row.header), bytes(row.signature), payloads.map(bytes)))).toBe(row.record)
    expect(refusalOf(decodeRecord(bytes(row.record), sha256))).toBe('ok')
  })
})

test('commit.json: records, and refusals of headers and records', () => {
  type File = {
    records: Row<{ record: string; id: string; value: Tagged }>[]
    invalidHeaders: Refused<{ header: Hex }>[]
    invalidRecords: Refused<{ record: string }>[]
  }
  const { records, invalidHeaders, invalidRecords } = read('commit.json') as File
  each(records, ({ record, id, value }) => {
    const decoded = decodeRecord(bytes(record), sha256)
    expect(decoded.ok && toHex(decoded.record.id)).toBe(id)
    expect(valueOf(record)).toEqual(value)
  })
  each(invalidHeaders, ({ header, refusal }) =>
    expect(refusalOf(decodeHeader(bytesOf(header)))).toBe(refusal),
  )
  each(invalidRecords, ({ record, refusal }) =>
    expect(refusalOf(decodeRecord(bytes(record), sha256))).toBe(refusal),
  )
})

test('frames.json: frames and streams', () => {
  type File = {
    frames: Row<{ kind: string; hex: string; value: Tagged }>[]
    otherHellos: Row<{ version: number; hex: string }>[]
    invalid: Refused<{ hex: Hex }>[]
    streams: Row<{ stream: string; frames: string[] }>[]
    invalidStreams: Refused<{ stream: string }>[]
  }
  const { frames, otherHellos, invalid, streams, invalidStreams } = read('frames.json') as File
  each(frames, ({ kind, hex, value }) => {
    const decoded = decodeFrame(bytes(hex))
    if (!decoded.ok) throw new Error(decoded.refusal)
    expect([decoded.frame.kind, toHex(encodeFrame(decoded.frame))]).toEqual([kind, hex])
    expect(valueOf(hex)).toEqual(value)
  })
  each(otherHellos, ({ version, hex }) =>
    expect(decodeFrame(bytes(hex))).toMatchObject({ ok: true, frame: { version } }),
  )
  each(invalid, ({ hex, refusal }) => expect(decodeFrame(bytesOf(hex))).toEqual({ ok: false, refusal }))
  each(streams, ({ stream, frames: expected }) => {
    const split = new FrameSplitter(FRAME_BYTES_MAX).push(bytes(stream))
    expect(split.ok && split.frames.map(toHex)).toEqual(expected)
  })
  each(invalidStreams, ({ stream, refusal }) => {
    expect(new FrameSplitter(FRAME_BYTES_MAX).push(bytes(stream))).toEqual({ ok: false, refusal })
  })
})

test('frames.json: roots and digests, from the rows and keys alone', () => {
  type HeadRow = { device: string; length: number; id: string }
  type Digest = {
    keys: string[]
    coop: string
    root: string
    bucket: number
    bucketDigest: string
    frame: string
    rows: HeadRow[]
    brief: string
  }
  type File = {
    heads: Row<{ rows: HeadRow[]; buckets: { bucket: number; digest: string }[]; root: string }>[]
    digestKeys: Row<Digest>[]
  }
  const { heads, digestKeys } = read('frames.json') as File
  each(heads, ({ rows, buckets, root }) => {
    const digests = Array.from({ length: 256 }, () => '00'.repeat(32))
    for (const { bucket, digest } of buckets) {
      const own = rows.filter((row) => Number.parseInt(row.device.slice(0, 2), 16) === bucket)
      const text = own.map((row) => row.device + row.length.toString(16).padStart(8, '0') + row.id).join('')
      expect(toHex(sha256(bytes(text)))).toBe(digest)
      digests[bucket] = digest
    }
    expect(toHex(sha256(bytes(digests.join(''))))).toBe(root)
  })
  each(digestKeys, ({ keys, bucket, bucketDigest, frame, rows, brief }) => {
    const key = toHex(sha256(bytes([...keys].sort().join(''))))
    /** Key of a round: of the session's key and the round as a double, big endian. */
    const roundKey = (round: number): string => {
      const number = new Uint8Array(8)
      new DataView(number.buffer).setFloat64(0, round)
      return toHex(sha256(bytes(key + toHex(number))))
    }
    const decoded = decodeFrame(bytes(frame))
    const digests = decoded.ok && decoded.frame.kind === 'digests' ? toHex(decoded.frame.digests) : ''
    const digestOf = (it: string): string => toHex(sha256(bytes(roundKey(1) + it))).slice(0, 8)
    const expected = Array.from({ length: 256 }, (_, i) =>
      digestOf(i === bucket ? bucketDigest : '00'.repeat(32)),
    )
    expect(digests).toBe(expected.join(''))
    const told = decodeFrame(bytes(brief))
    if (!told.ok || told.frame.kind !== 'brief') throw new Error('no brief')
    const tags = rows.map((row) => {
      const text = row.device + row.length.toString(16).padStart(8, '0') + row.id
      return toHex(sha256(bytes(roundKey(5) + text))).slice(0, 12)
    })
    expect(told.frame.buckets.map((it) => [it.bucket, 'tags' in it ? toHex(it.tags) : it.rows])).toEqual(
      Array.from({ length: 256 }, (_, i) => [i, i === bucket ? tags.join('') : '']),
    )
  })
})

test('invite.json: links, proofs and join messages', () => {
  type Link = {
    coop: string
    secret: string
    issuer: string
    expiresMs: number
    addresses: string[]
    text: string
  }
  type Names = { invite: string; kit: string; memberName: string; deviceName: string }
  type File = {
    links: Row<Link>[]
    invalidLinks: Refused<{ text: string }>[]
    proofs: Row<Names & { coop: string; secret: string; device: string; message: string; proof: string }>[]
    requests: Row<Names & { certificate: string; proof: string; hex: string }>[]
    invalidRequests: Row<{ hex: string }>[]
    answers: Row<{ genesis?: string; refusal?: string; place?: number; hex: string }>[]
    invalidAnswers: Row<{ hex: Hex }>[]
  }
  const file = read('invite.json') as File
  each(file.links, ({ coop, secret, issuer, expiresMs, addresses, text }) => {
    const link = { coop: bytes(coop), secret: bytes(secret), issuer: bytes(issuer), expiresMs, addresses }
    expect([formatInviteLink(link), parseInviteLink(text)]).toEqual([text, { ok: true, link }])
  })
  each(file.invalidLinks, ({ text, refusal }) =>
    expect(parseInviteLink(text)).toEqual({ ok: false, refusal }),
  )
  each(file.proofs, (row) => {
    const { memberName, deviceName } = row
    const keys = { invite: bytes(row.invite), device: bytes(row.device), kit: bytes(row.kit) }
    const message = admissionMessage(bytes(row.coop), { ...keys, memberName, deviceName }, sha256)
    const proof = inviteSigner(bytes(row.secret), sha256).sign(message)
    expect([toHex(message), toHex(proof)]).toEqual([row.message, row.proof])
  })
  each(file.requests, ({ memberName, deviceName, hex, ...row }) => {
    const keys = { invite: bytes(row.invite), kit: bytes(row.kit) }
    const signed = { certificate: bytes(row.certificate), proof: bytes(row.proof) }
    const request = { ...keys, memberName, deviceName, ...signed }
    expect(toHex(encodeJoinRequest(request))).toBe(hex)
    expect(decodeJoinRequest(bytes(hex))).toEqual(request)
  })
  each(file.invalidRequests, ({ hex }) => expect(decodeJoinRequest(bytes(hex))).toBe(null))
  each(file.answers, ({ genesis, refusal, place, hex }) => {
    const answer = decodeJoinAnswer(bytes(hex))
    const expected =
      genesis === undefined
        ? { ok: false, refusal, ...(place !== undefined && { place }) }
        : { ok: true, genesis: bytes(genesis) }
    expect(answer).toEqual(expected)
    expect(answer === null ? '' : toHex(encodeJoinAnswer(answer))).toBe(hex)
  })
  each(file.invalidAnswers, ({ hex }) => expect(decodeJoinAnswer(bytesOf(hex))).toBe(null))
})

test('writer.json: client ids, and arguments that have none', () => {
  type Writer = Row<{ coop: string; admission: string; document: string; session: number; clientId: number }>
  const { valid, invalid } = read('writer.json') as { valid: Writer[]; invalid: Writer[] }
  const idOf = (row: Writer): number =>
    writerClientId(sha256, bytes(row.coop), bytes(row.admission), row.document, row.session)
  each(valid, (row) => expect(idOf(row)).toBe(row.clientId))
  each(invalid, (row) => expect(() => idOf(row)).toThrow(RangeError))
})

test('assets.json: CIDs of files, and what is none', () => {
  type File = {
    files: Row<{ sizeBytes: number; leaves: number; cid: string; cidHex: string; tsizeBytes: number }>[]
    invalidTexts: Refused<{ text: string }>[]
    invalidFiles: Row<{ sizeBytes: number; cid: string }>[]
  }
  const { files, invalidTexts, invalidFiles } = read('assets.json') as File
  each(files, ({ sizeBytes, leaves, cid, cidHex, tsizeBytes }) => {
    const hashes = leafHashes(assetContent(sizeBytes))
    const root = fileCid(sizeBytes, hashes, sha256)
    expect([hashes.length / 32, root.cid.toString(), toHex(root.cid.bytes)]).toEqual([leaves, cid, cidHex])
    expect(root.tsizeBytes).toBe(tsizeBytes)
    const parsed = parseAssetCid(cid)
    expect(parsed.ok && verifyLeafHashes(parsed.cid, sizeBytes, hashes, sha256)).toBe(true)
  })
  each(invalidTexts, ({ text, refusal }) => expect(parseAssetCid(text)).toEqual({ ok: false, refusal }))
  each(invalidFiles, ({ sizeBytes, cid }) => {
    const parsed = parseAssetCid(cid)
    const hashes = leafHashes(assetContent(sizeBytes))
    expect(parsed.ok && verifyLeafHashes(parsed.cid, sizeBytes, hashes, sha256)).toBe(false)
  })
})

test('documents.json: genesis records, a log with its states, and verdicts', () => {
  type File = {
    genesis: Row<{ record: string; value: Tagged; coop: string }>[]
    invalidGenesis: Row<{ record: string }>[]
    log: Row<{ record: string }>[]
    states: Row<{ hashes: Record<string, string>; root: string }>[]
    sections: Row<{ document: string; payload: string; verdict: string }>[]
  }
  const { genesis, invalidGenesis, log, states, sections } = read('documents.json') as File
  each(genesis, ({ record, value, coop }) => {
    const decoded = decodeGenesis(bytes(record))
    expect(decoded !== null && toHex(encodeGenesis(decoded))).toBe(record)
    expect([valueOf(record), toHex(sha256(bytes(record)))]).toEqual([value, coop])
  })
  each(invalidGenesis, ({ record }) => expect(decodeGenesis(bytes(record))).toBe(null))
  const founder = nodeSigner(new Uint8Array(32).fill(2))
  const replica = openReplica({ coop: bytes(genesis[0]?.coop ?? ''), crypto, signer: founder })
  each(log, ({ record }) => {
    const decoded = decodeRecord(bytes(record), sha256)
    expect(decoded.ok && replica.ingest([decoded.record]).stored.length).toBe(1)
  })
  each(states, ({ hashes, root }) => {
    for (const [id, hash] of Object.entries(hashes))
      expect(toHex(replica.document(id)?.stateHash() ?? bytes(''))).toBe(hash)
    expect(toHex(replica.heads.root())).toBe(root)
  })
  each(sections, ({ document, payload, verdict }) => {
    expect(refusalOf(replica.check([{ document, entries: 1, payload: bytes(payload) }]))).toBe(verdict)
  })
})

test('boards.json: payloads, a log with two histories of one device, and verdicts', () => {
  type File = {
    payloads: Row<{ payload: string; session: number; update: string; commits: string[] }>[]
    invalidPayloads: Row<{ payload: string }>[]
    log: Row<{ record: string }>[]
    states: Row<{ hash: string; text: string; clocks: [number, number][] }>[]
    sections: Row<{ by: string; payload: string; verdict: string }>[]
  }
  const file = read('boards.json') as File
  each(file.payloads, ({ payload, session, update, commits }) => {
    const expected = {
      session,
      update: bytes(update),
      ...(commits.length > 0 && { commits: commits.map(bytes) }),
    }
    expect(decodeBoardPayload(bytes(payload))).toEqual(expected)
    expect(toHex(encodeBoardPayload(expected))).toBe(payload)
  })
  each(file.invalidPayloads, ({ payload }) => expect(decodeBoardPayload(bytes(payload))).toBe(null))
  const records = file.log.map(({ record }) => decodedRecord(record))
  const replica = openReplica({ coop: records[0]?.header.coop ?? bytes(''), crypto, signer: null })
  for (const record of records) expect(replica.ingest([record]).stored.length).toBe(1)
  settle(replica, records)
  const board = boardOf(replica)
  each(file.states, ({ hash, text, clocks }) => {
    expect([toHex(board.stateHash()), board.view().text]).toEqual([hash, text])
    const vector = Y.decodeStateVector(Y.encodeStateVector(board.doc))
    expect([...vector].sort(([a], [b]) => a - b)).toEqual(clocks)
  })
  each(file.sections, ({ by, payload, verdict }) => {
    expect(refusalOf(board.check(contextOf(replica, bytes(by), bytes(payload))))).toBe(verdict)
  })
})

test('collisions.json: a log in which sessions of two devices have one clientID, and verdicts', () => {
  type File = {
    log: Row<{ record: string }>[]
    states: Row<{
      document: string
      writer: number
      hash: string
      text: string
      clocks: [number, number][]
    }>[]
    sections: Row<{ by: string; payload: string; verdict: string }>[]
  }
  const file = read('collisions.json') as File
  const document = file.states[0]?.document ?? ''
  const log = file.log.map(({ record }) => decodedRecord(record))
  // Each member begins and writes in two commits; a third one follows.
  const [one, other, rest] = [log.splice(-6, 2), log.splice(-4, 2), log.splice(-2)]
  for (const records of [
    [...log, ...one, ...other, ...rest],
    [...log, ...other, ...one, ...rest],
  ]) {
    const replica = openReplica({ coop: records[0]?.header.coop ?? bytes(''), crypto, signer: null })
    for (const record of records) expect(replica.ingest([record]).stored.length).toBe(1)
    settle(replica, records)
    const board = boardOf(replica, document)
    each(file.states, ({ writer, hash, text, clocks }) => {
      expect([toHex(board.stateHash()), board.view().text]).toEqual([hash, text])
      const vector = Y.decodeStateVector(Y.encodeStateVector(board.doc))
      expect([...vector].sort(([a], [b]) => a - b)).toEqual(clocks)
      expect(clocks.map(([client]) => client)).toEqual([writer - 1, writer])
    })
    each(file.sections, ({ by, payload, verdict }) => {
      const context = contextOf(replica, bytes(by), bytes(payload), document)
      expect(refusalOf(board.check(context))).toBe(verdict)
    })
  }
})

function decodedRecord(hex: string): CommitRecord {
  const result = decodeRecord(bytes(hex), sha256)
  if (!result.ok) throw new Error(result.refusal)
  return result.record
}

function valueOf(hex: string): Tagged {
  const decoded = decodeCanonical(bytes(hex))
  if (!decoded.ok) throw new Error(decoded.refusal)
  return tagged(decoded.value)
}
