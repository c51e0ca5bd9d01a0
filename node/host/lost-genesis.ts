import { AUTHORITY, decodeGenesis } from '#protocol/authority'
import type { CommitRecord } from '#protocol/commit'
import { readEntries } from '#protocol/document'
import { equalBytes } from '#protocol/encoding'
import type { Sha256 } from '#protocol/identity'
import { CoopError } from '#node/errors'
import { storedRecords } from '#node/log'
import type { Store } from '#node/store'

const GENESIS_KEY = 'm/genesis'

/**
 * The genesis record of a store; null when its folder never belonged to a co-op. One that is lost is found again in the
 * founding commit: a folder that lost it must not look like a new one.
 */
export async function readGenesis(store: Store, sha256: Sha256): Promise<Uint8Array | null> {
  const read = await store.read(GENESIS_KEY)
  if (read.state === 'whole' && decodeGenesis(read.value) !== null) return read.value
  if (read.state === 'missing' && (await isNew(store))) return null
  const found = await genesisInLog(store, sha256)
  if (found === null) {
    throw new CoopError(
      'data-damaged',
      'the genesis record of the co-op is lost from this folder',
      'Check the disk. Move the data folder aside and join again with a new invite; others hold the rest.',
    )
  }
  await store.write([{ type: 'put', key: GENESIS_KEY, value: found }])
  store.findings.note({
    code: 'setting',
    where: GENESIS_KEY,
    severity: 'repaired',
    message: 'the genesis record was lost from the database and from its copy',
    action: 'It was taken from the founding commit.',
  })
  return found
}

/** True for a store that no commit was ever written to. */
async function isNew(store: Store): Promise<boolean> {
  const { mark, damaged } = store.foundEnd
  if (mark !== null || damaged > 0) return false
  for (const prefix of ['c/', 'i/', 'x/', 'm/']) for await (const _ of store.keys(prefix)) return false
  return true
}

async function genesisInLog(store: Store, sha256: Sha256): Promise<Uint8Array | null> {
  for await (const { record } of storedRecords(store, sha256)) {
    const genesis = genesisOf(record, sha256)
    if (genesis !== null) return genesis
  }
  return null
}

/** The genesis record in a founding commit, whose co-op id is its hash. */
function genesisOf(record: CommitRecord, sha256: Sha256): Uint8Array | null {
  const at = record.header.sections.findIndex((it) => it.document === AUTHORITY)
  const payload = record.payloads[at] ?? null
  const [entry] = (payload === null ? null : readEntries(payload, 1)) ?? []
  const genesis = entry?.['record']
  if (!(genesis instanceof Uint8Array) || !equalBytes(sha256(genesis), record.header.coop)) return null
  return decodeGenesis(genesis) === null ? null : genesis.slice()
}
