import type { JSX } from 'preact'
import type { EventView, Words } from '#apps/page'
import type { Texts } from './texts.ts'

/** What is counted, and how full each zone is. */
export function CountsPanel(props: { view: EventView; texts: Texts; words: Words }): JSX.Element {
  const { view, texts, words } = props
  const { counts } = texts
  const rare = (
    [
      [counts.open, view.stats.open],
      [counts.overrides, view.stats.overrides],
      [counts.doubles, view.stats.doubles],
      [counts.refused, view.stats.refused],
    ] as const
  ).filter(([, count]) => count > 0)
  return (
    <section class="counts" aria-label={counts.title} data-testid="counts">
      <dl class="count-row">
        <Count label={counts.admitted} value={words.count(view.stats.admitted)} testId="count-admitted" />
        <Count label={counts.inside} value={words.count(view.stats.inside)} testId="count-inside" />
        <Count label={counts.sold} value={words.count(view.stats.sold)} testId="count-sold" />
      </dl>
      {view.zones.map((zone) => (
        <ZoneBar key={zone.zone} zone={zone} texts={texts} words={words} />
      ))}
      {rare.length > 0 && (
        <dl class="rare">
          {rare.map(([label, count]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{words.count(count)}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  )
}

function Count(props: { label: string; value: string; testId: string }): JSX.Element {
  return (
    <div class="count">
      <dt>{props.label}</dt>
      <dd data-testid={props.testId}>{props.value}</dd>
    </div>
  )
}

/** How full one zone is. */
export function ZoneBar(props: {
  zone: EventView['zones'][number]
  texts: Texts
  words: Words
}): JSX.Element {
  const { zone, texts, words } = props
  const isFull = zone.inside >= zone.capacity
  return (
    <div class={`zone ${isFull ? 'is-full' : ''}`} data-testid="zone">
      <span class="zone-name">
        {zone.zone}
        {isFull && <span class="badge badge-warning">{texts.counts.full}</span>}
      </span>
      <span class="zone-count">
        {texts.counts.ofCapacity(words.count(zone.inside), words.count(zone.capacity))}
      </span>
      <meter min={0} max={Math.max(1, zone.capacity)} value={zone.inside} aria-label={zone.zone} />
    </div>
  )
}
