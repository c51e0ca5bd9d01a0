import { parentPort } from 'node:worker_threads'
import { commitMessage, decodeRecords } from '#protocol/commit'
import { SignatureRule } from '#protocol/identity'
import { signaturesToCheck } from '#protocol/replica'
import { nodeCrypto } from '#node/crypto'

/** A batch of records: their bytes one after the other, and where each ends. */
export interface DecodeQuestion {
  bytes: Uint8Array<ArrayBuffer>
  ends: Uint32Array<ArrayBuffer>
}

/** The ids of the records, 32 bytes each, and which of their own signatures hold; or why one of them is no record. */
export type DecodeAnswer = { ok: true; ids: Uint8Array; checked: number[] } | { ok: false; refusal: string }

const crypto = nodeCrypto()
const rule = new SignatureRule(crypto)

function answer({ bytes, ends }: DecodeQuestion): DecodeAnswer {
  const list: Uint8Array[] = []
  for (const [i, end] of ends.entries()) list.push(bytes.subarray(i === 0 ? 0 : ends[i - 1], end))
  const decoded = decodeRecords(list, crypto.sha256)
  if (!decoded.ok) return decoded
  const ids = new Uint8Array(32 * list.length)
  for (const [i, record] of decoded.records.entries()) ids.set(record.id, 32 * i)
  const checked = signaturesToCheck(decoded.records).filter((at) => {
    const record = decoded.records[at]
    return (
      record !== undefined && rule.verify(record.header.device, commitMessage(record.id), record.signature)
    )
  })
  return { ok: true, ids, checked }
}

parentPort?.on('message', (question: DecodeQuestion) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of worker_threads has no origin
  parentPort?.postMessage(answer(question))
})
