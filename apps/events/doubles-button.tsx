import type { JSX } from 'preact'
import { FailureNote } from './failure-note.tsx'
import { usePage, useWork } from './page-context.ts'
import { saveFile } from './save-file.ts'

/** Saves what both gates signed of each seat that was let in twice. */
export function DoublesButton({ event }: { event: string }): JSX.Element {
  const { calls, texts } = usePage()
  const work = useWork()
  return (
    <>
      <button
        type="button"
        class="button"
        aria-disabled={work.isBusy}
        data-testid="doubles"
        onClick={() =>
          void work.run(null, async () => {
            const doubles = await calls.doubles(event)
            saveFile('doubles.json', 'application/json', [JSON.stringify(doubles, null, 2)])
          })
        }
      >
        {texts.stats.evidence}
      </button>
      <FailureNote failure={work.failure} />
    </>
  )
}
