import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { CallFailure } from '#apps/page'
import type { Bucket, EventView, Words } from '#apps/page'
import type { GateCalls } from './gate-calls.ts'
import type { Texts } from './texts.ts'

/** Which device holds the tickets of each gate; they are fetched before a cut-off and handed over at closing. */
export function BucketsPanel(props: {
  view: EventView
  calls: GateCalls
  texts: Texts
  words: Words
}): JSX.Element {
  const { view, calls, texts, words } = props
  const [moving, setMoving] = useState<string | null>(null)
  const [said, setSaid] = useState('')
  const all = view.groups.flatMap((it) => it.buckets)
  const others = new Map(
    all.flatMap((it) =>
      it.state === 'reachable' && it.holder !== null ? [[it.holder.device, it.holder]] : [],
    ),
  )
  const move = (group: string, work: () => Promise<number>): void => {
    if (moving !== null) return
    setMoving(group)
    setSaid('')
    work()
      .then((missing) =>
        setSaid(missing === 0 ? texts.scan.moveDone : texts.scan.moveMissing(words.count(missing))),
      )
      .catch((thrown: unknown) => {
        const isSilent = thrown instanceof CallFailure && thrown.status === 0
        setSaid(texts.log.failed(isSilent ? texts.log.unreachable : (thrown as Error).message))
      })
      .finally(() => setMoving(null))
  }
  return (
    <section class="buckets">
      <h3>{texts.scan.buckets}</h3>
      <p class="muted">{texts.scan.bucketsNote}</p>
      <ul class="plain">
        {view.groups.map(({ group, buckets }) => {
          const places = [...new Set(buckets.map((it) => placeOf(it, texts)))].join(', ')
          return (
            <li key={group} class="bucket" data-testid="bucket">
              <span>
                <strong>{group}</strong>
                <span class="muted">{moving === group ? texts.scan.moving : places}</span>
              </span>
              {buckets.some((it) => it.state === 'reachable') && (
                <button
                  type="button"
                  class="button"
                  data-testid="bucket-take"
                  aria-disabled={moving !== null}
                  onClick={() =>
                    move(group, async () => (await calls.take(view.event, group)).missing.length)
                  }
                >
                  {texts.scan.take}
                </button>
              )}
              {buckets.some((it) => it.state === 'here') &&
                [...others.values()].map((it) => (
                  <button
                    key={it.device}
                    type="button"
                    class="button"
                    data-testid="bucket-hand"
                    aria-disabled={moving !== null}
                    onClick={() =>
                      move(group, async () => {
                        await calls.hand(view.event, group, it.device)
                        return 0
                      })
                    }
                  >
                    {texts.scan.hand(it.deviceName)}
                  </button>
                ))}
            </li>
          )
        })}
      </ul>
      <p role="status" data-testid="bucket-said">
        {said}
      </p>
    </section>
  )
}

function placeOf({ state, holder }: Bucket, { scan }: Texts): string {
  const name = holder?.deviceName ?? '?'
  switch (state) {
    case 'here':
      return scan.bucketHere
    case 'reachable':
      return scan.bucketAt(name)
    case 'elsewhere':
    case 'nowhere':
      return scan.bucketApart(name)
    case 'lost':
      return scan.bucketLost
  }
}
