import type { JSX } from 'preact'
import { Symbol } from '#apps/page'
import type { EventView, Words } from '#apps/page'
import { CodeField } from './code-field.tsx'
import { ZoneBar } from './counts-panel.tsx'
import type { Texts } from './texts.ts'

/** What a thumb reaches: a code by hand, a photo, the last scans; and on phones the counts. */
export function Controls(props: {
  view: EventView | null
  zone: string | null
  texts: Texts
  words: Words
  onCode: (code: string) => void
  onTooLong: (length: number) => void
  onPhoto: (file: File | undefined) => void
  onLog: () => void
}): JSX.Element {
  const { view, texts, words } = props
  const zone = view?.zones.find((it) => it.zone === props.zone) ?? null
  return (
    <section class="controls">
      <CodeField texts={texts} onCode={props.onCode} onTooLong={props.onTooLong} />
      <div class="tools">
        <label class="button tool">
          <Symbol name="camera" />
          {texts.scan.photo}
          <input
            type="file"
            accept="image/*"
            capture="environment"
            class="visually-hidden"
            data-testid="photo"
            onChange={(event) => {
              props.onPhoto(event.currentTarget.files?.[0])
              event.currentTarget.value = ''
            }}
          />
        </label>
        <button type="button" class="button tool tool-log" data-testid="log-open" onClick={props.onLog}>
          <Symbol name="list" />
          {texts.log.open}
        </button>
      </div>
      {view !== null && (
        <div class="strip" data-testid="strip">
          <span>
            {texts.counts.admitted} <b>{words.count(view.stats.admitted)}</b>
          </span>
          {zone === null ? (
            <span>
              {texts.counts.inside} <b>{words.count(view.stats.inside)}</b>
            </span>
          ) : (
            <ZoneBar zone={zone} texts={texts} words={words} />
          )}
        </div>
      )}
    </section>
  )
}
