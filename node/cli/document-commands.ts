import type { DocumentView, DocumentViews } from '#node/host'
import { NodeClient } from './client.ts'
import type { Globals } from './main.ts'
import { printResult, table } from './output.ts'

/** `coop documents`. */
export async function documentsCommand(globals: Globals): Promise<void> {
  const client = await NodeClient.need(globals.data)
  print(globals, await client.call('GET', '/v1/documents'))
}

/** `coop documents decline ID` and `coop documents want ID`. */
export async function keepCommand(globals: Globals, what: 'decline' | 'want', id: string): Promise<void> {
  const client = await NodeClient.need(globals.data)
  print(globals, await client.call('POST', `/v1/documents/${what}`, { id }))
}

function print(globals: Globals, answer: unknown): void {
  const view = answer as { documents: DocumentViews }
  printResult(globals, view, documentsText(view.documents))
}

/** The documents as a table. */
export function documentsText(documents: DocumentViews): string {
  const rows = Object.entries(documents).map(([id, it]) => [id, String(it.commits), noteOf(it), hashOf(it)])
  return rows.length === 0 ? 'no documents yet' : table(['DOCUMENT', 'COMMITS', '', 'STATE'], rows)
}

function noteOf({ state, refused, missing }: DocumentView): string {
  if (state === 'declined') return 'not kept on this device'
  if (state === 'incomplete') return `${missing} not here yet`
  return refused === 0 ? '' : `${refused} refused`
}

function hashOf({ stateHash }: DocumentView): string {
  return stateHash === null ? '-' : stateHash.slice(0, 16)
}
