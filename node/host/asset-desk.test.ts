import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode } from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import pino from 'pino'
import { expect, test } from 'vitest'
import { DAG_PB_CODEC } from '#protocol/asset'
import { nodeCrypto } from '#node/crypto'
import { CoopNode } from './coop-node.ts'

const { sha256 } = nodeCrypto()
const RAW_CODEC = 0x55
const cidOf = (codec: number, bytes: Uint8Array): CID =>
  CID.createV1(codec, createDigest(0x12, sha256(bytes)))
/** A shard's UnixFS part with these bits of 256 slots, as docs/protocol names it: type, bitfield, hash, fanout. */
const shardData = (bits: Uint8Array): Uint8Array =>
  Uint8Array.of(0x08, 5, 0x12, bits.length, ...bits, 0x28, 0x22, 0x30, 0x80, 0x02)

test('a sharded directory whose parts name one part over and over is refused and not walked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coopmesh-desk-'))
  const place = {
    dataPath: folder,
    statePath: null,
    passphrase: undefined,
    port: 0,
    host: '127.0.0.1',
    isMdnsOn: false,
  }
  const node = await CoopNode.open({ ...place, log: pino({ level: 'silent' }) })
  const blocks: { cid: string; bytes: Uint8Array }[] = []
  const put = (links: { Name: string; Hash: CID }[], bits: Uint8Array): CID => {
    const bytes = encode({ Data: shardData(bits), Links: links.map((link) => ({ ...link, Tsize: 1 })) })
    const cid = cidOf(DAG_PB_CODEC, bytes)
    blocks.push({ cid: cid.toString(), bytes })
    return cid
  }
  const file = cidOf(RAW_CODEC, new Uint8Array())
  let part = put([{ Name: '00x', Hash: file }], Uint8Array.of(1))
  for (let level = 0; level < 6; level += 1) {
    const child = part
    const links = Array.from({ length: 256 }, (_, slot) => {
      return { Name: slot.toString(16).toUpperCase().padStart(2, '0'), Hash: child }
    })
    part = put(links, new Uint8Array(32).fill(255))
  }
  await node.desk.assets.putNodes(blocks)
  const asset = await node.desk.resolve(part.toString(), [])
  await expect(node.desk.entries(asset)).rejects.toMatchObject({ code: 'asset-corrupt' })
  await node.close()
  await rm(folder, { recursive: true, force: true })
})
