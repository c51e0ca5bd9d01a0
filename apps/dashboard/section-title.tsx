import type { JSX } from 'preact'

/** Heading of a section. It takes the focus when people go to the section. */
export function SectionTitle({ title, summary }: { title: string; summary: string }): JSX.Element {
  return (
    <header class="section-title">
      <h1 id="section-title" tabIndex={-1}>
        {title}
      </h1>
      <p class="muted">{summary === '' ? '\u00a0' : summary}</p>
    </header>
  )
}
