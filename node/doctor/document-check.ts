import { equalBytes } from '#protocol/encoding'
import type { Engine } from '#node/engine'
import { CoopError } from '#node/errors'
import type { Examination } from './examination.ts'

/** Puts every document together and compares it with what was kept of it. */
export async function checkDocuments(engine: Engine, run: Examination, isStopped: boolean): Promise<void> {
  const ids = engine.replica.documentIds()
  for (const [i, id] of ids.entries()) {
    run.progress(`document ${id}`, i, ids.length)
    try {
      const wasOpen = engine.replica.document(id) !== null
      // Of a running node only what is open anyway: a large document would push others out of the memory.
      const kept = await engine.summary(id)
      if (!isStopped && !wasOpen) continue
      const state = await engine.open(id)
      run.checked.documents += 1
      const isRight = state === null || equalBytes(state.stateHash(), kept.stateHash)
      // One that stays open is shown, and kept anew.
      if (!isRight) noteSummary(id, run)
      else if (isStopped && !wasOpen) engine.replica.documents.forget(id)
    } catch (cause) {
      if (!(cause instanceof CoopError) || cause.code !== 'data-damaged') throw cause
      run.note({
        code: 'document',
        where: id,
        severity: 'pending',
        message: `the document '${id}' cannot be put together: ${cause.message}`,
        action: 'It is whole again as soon as another device sent the commits that are missing.',
      })
    }
  }
}

function noteSummary(id: string, run: Examination): void {
  run.note({
    code: 'summary',
    where: id,
    severity: 'repaired',
    message: `what was kept of the document '${id}' was not what its commits give`,
    action: 'What the commits give is shown.',
  })
}
