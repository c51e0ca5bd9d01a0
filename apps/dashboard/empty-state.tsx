import type { ComponentChildren, JSX } from 'preact'
import type { IconName } from './icon.tsx'
import { Icon } from './icon.tsx'

/** Stands where there is nothing yet and says the next step. */
export function EmptyState(props: {
  icon: IconName
  title: string
  children: ComponentChildren
}): JSX.Element {
  return (
    <div class="empty">
      <Icon name={props.icon} />
      <p class="empty-title">{props.title}</p>
      <p>{props.children}</p>
    </div>
  )
}

/** Stands where rows will be as soon as the node answers. */
export function LoadingRows({ what }: { what: string }): JSX.Element {
  return (
    <div class="loading" role="status">
      <span class="visually-hidden">Loading {what}</span>
      <div class="loading-row" />
      <div class="loading-row" />
      <div class="loading-row" />
    </div>
  )
}
