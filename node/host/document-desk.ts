import { isDocumentId } from '#protocol/commit'
import { toHex } from '#protocol/encoding'
import { DECLINED_MAX } from '#protocol/replica'
import type { Replica } from '#protocol/replica'
import { CoopError } from '#node/errors'
import type { Engine } from '#node/engine'
import type { CoopNode } from './coop-node.ts'
import { documentWarning } from './damage-warnings.ts'
import type { Warning } from './damage-warnings.ts'

/** What this device has of a document. */
export interface DocumentView {
  /** Null while the document is declined or incomplete. */
  stateHash: string | null
  /** Commits with a section of it. */
  commits: number
  /** Of these, sections that were refused; 0 while it is not open. */
  refused: number
  /** `declined`: not kept on this device. `incomplete`: payloads are missing, which peers are asked for. */
  state: 'whole' | 'incomplete' | 'declined'
  /** Commits whose payload for it is not here. */
  missing: number
}

/** Documents by id, those that are declined and unknown as well. */
export type DocumentViews = Record<string, DocumentView>

/** What this device has of every document, and what is wrong with those that are damaged. */
export async function documentViews(
  engine: Engine,
): Promise<{ documents: DocumentViews; damaged: Warning[] }> {
  const documents: DocumentViews = {}
  const damaged: Warning[] = []
  const ids = new Set([...engine.replica.documentIds(), ...engine.declined])
  for (const id of [...ids].sort()) {
    try {
      documents[id] = await documentView(engine, id)
    } catch (cause) {
      // The others are shown all the same.
      if (!(cause instanceof CoopError) || cause.code !== 'data-damaged') throw cause
      damaged.push(documentWarning(id, cause))
    }
  }
  return { documents, damaged }
}

async function documentView(engine: Engine, id: string): Promise<DocumentView> {
  const withheld = withheldView(engine, id)
  if (withheld !== null) return withheld
  try {
    const { stateHash, commits, refused } = await engine.summary(id)
    return { stateHash: toHex(stateHash), commits, refused, state: 'whole', missing: 0 }
  } catch (cause) {
    // Only when it was put together did it turn out that a payload is not here.
    const found = withheldView(engine, id)
    if (found === null) throw cause
    return found
  }
}

/** Whether a document can be open on this device, as far as that is known. */
export function documentState(replica: Replica, id: string): DocumentView['state'] {
  const log = replica.documentLog(id)
  if (log === null || !log.isWithheld) return 'whole'
  return log.isDeclined ? 'declined' : 'incomplete'
}

function withheldView({ replica }: Engine, id: string): DocumentView | null {
  const log = replica.documentLog(id)
  const state = documentState(replica, id)
  if (log === null || state === 'whole') return null
  return { stateHash: null, commits: log.orders.length, refused: 0, state, missing: log.missingCount }
}

/** From now on payloads of this document are not sent to this device; what is here stays. */
export async function declineDocument(node: CoopNode, id: string): Promise<void> {
  const { engine } = node.membership
  if (!isDocumentId(id) || engine.replica.isAlwaysSent(id)) {
    throw new CoopError(
      'refused',
      `'${id}' cannot be declined`,
      'Boards can (`board/NAME`); authority and catalogue are needed by every device.',
    )
  }
  if (engine.declined.includes(id)) return
  if (engine.declined.length >= DECLINED_MAX) {
    throw new CoopError(
      'refused',
      `a device declines at most ${DECLINED_MAX} documents`,
      'Take one back with `coop documents want ID` first.',
    )
  }
  await engine.decline([...engine.declined, id])
}

/** This device wants the document again; what it lacks is asked from peers. */
export async function wantDocument(node: CoopNode, id: string): Promise<void> {
  const { engine } = node.membership
  if (!engine.declined.includes(id)) {
    if (engine.replica.documentIds().includes(id)) return
    throw new CoopError('refused', `no document is named '${id}'`, 'Run `coop documents` to see them.')
  }
  await engine.decline(engine.declined.filter((it) => it !== id))
}
