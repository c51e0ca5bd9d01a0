import { decodeCanonical, encodeCanonical } from '#protocol/encoding'
import type { Replica } from '#protocol/replica'
import { CoopError } from '#node/errors'
import type { Store, StoreChange } from '#node/store'

/** Setting with the documents that this device declines. */
const DECLINED_KEY = 'm/declined'

/** The change that keeps the list of documents that this device declines. */
export function declinedChange(documents: readonly string[]): StoreChange {
  return { type: 'put', key: DECLINED_KEY, value: encodeCanonical([...documents]) }
}

/** The list in the store, as far as this version can decline them. Settings have a second copy, so it is not lost. */
export async function readDeclined(store: Store, replica: Replica): Promise<string[]> {
  const read = await store.read(DECLINED_KEY)
  const decoded = read.state === 'whole' ? decodeCanonical(read.value) : null
  if (decoded?.ok !== true || !Array.isArray(decoded.value)) return []
  return decoded.value.filter((it): it is string => typeof it === 'string' && !replica.isAlwaysSent(it))
}

/** Why a document cannot be open, or null. */
export function withheldError(replica: Replica, document: string): CoopError | null {
  const log = replica.documentLog(document)
  if (log === null || !log.isWithheld) return null
  if (log.isDeclined)
    return new CoopError(
      'document-declined',
      `this device declines '${document}': it is not kept here`,
      `Run \`coop documents want ${document}\` to have it here again.`,
    )
  return new CoopError(
    'document-incomplete',
    `${log.missingCount} of ${log.orders.length} changes of '${document}' are not here yet`,
    'Connect to a device that has all of it; `coop documents` shows what is missing.',
  )
}
