import { equalBytes } from '#protocol/encoding'
import type { Engine } from '#node/engine'
import { CoopError } from '#node/errors'
import type { Examination } from './examination.ts'

/** Puts every document together and compares it with what was kept of it. */
export async function checkDocuments(engine: Engine, run: Examination, isStopped: boolean): Promise<void> {
  const ids = engine.replica.documentIds()
  for (const [i, id] of ids.entries()) {
    run.progress(`document ${id}`, i, ids.length)
    if (noteMissing(engine, id, run)) continue
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
      // Only when it was put together did it turn out that payloads are not here.
      if (noteMissing(engine, id, run)) continue
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

/** True for a document that is not open because payloads are not here; what peers are asked for is noted. */
function noteMissing({ replica }: Engine, id: string, run: Examination): boolean {
  const log = replica.documentLog(id)
  if (log === null || !log.isWithheld) return false
  if (log.wantedCount > 0)
    run.note({
      code: 'payload-missing',
      where: id,
      severity: 'pending',
      message: `the payloads of ${log.wantedCount} commits for '${id}' are not here`,
      action: 'The node asks other devices for them as soon as it is connected.',
    })
  return true
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
