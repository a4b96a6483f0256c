// One board on one page: its grid as Grafana lays it out, each panel with the answers that the test has fetched.
import {
  DataFrame,
  ThemeContext,
  applyFieldOverrides,
  cacheFieldDisplayNames,
  createTheme,
  dateTime,
  getPanelOptionsWithDefaults,
  systemDateFormats,
  transformDataFrame,
} from '@grafana/data';
import { GlobalStyles, PanelChrome } from '@grafana/ui';
import { Component, ReactNode } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import { lastValueFrom } from 'rxjs';

import { Answer, frames } from './frames';
import { KINDS } from './panels';
import { PLUGINS } from './plugins';
import { seen, settled } from './report';

interface Asked {
  from: number;
  to: number;
  values: Record<string, string[]>;
  answers: Record<string, Answer>;
}

const { board, panels: asked } = (window as any).given as { board: any; panels: Record<string, Asked> };
const faults: Record<string, string[]> = {};

// Grafana's grid: 24 columns, rows of 30 pixels, 8 between them.
const [WIDTH, COLUMNS, ROW, GAP] = [1600, 24, 30, 8];
const column = (WIDTH - GAP) / COLUMNS;
// As deploy/compose.yaml sets them.
Object.assign(systemDateFormats.interval, { hour: 'DD/MM HH:mm', day: 'DD/MM' });
const theme = createTheme({ colors: { mode: 'light' } });

/** A fault of one component is that panel's, and does not blank the page. */
class Guard extends Component<{ id: number; children: ReactNode }, { broken: boolean }> {
  state = { broken: false };
  static getDerivedStateFromError = () => ({ broken: true });
  componentDidCatch = (error: Error) => fault(this.props.id, error);
  render = () => (this.state.broken ? null : this.props.children);
}

function fault(id: number, error: unknown) {
  (faults[id] ??= []).push(String(error));
}

async function prepared(panel: any): Promise<ReactNode> {
  const { answers, from, to, values } = asked[panel.id];
  const chosen = (text: string) =>
    text.replace(/\$(?:{(\w+)[^}]*}|(\w+))/g, (whole, a, b) => values[a ?? b]?.join(' + ') ?? whole);
  const { options, fieldConfig } = getPanelOptionsWithDefaults({
    plugin: PLUGINS[panel.type],
    currentOptions: panel.options,
    currentFieldConfig: panel.type === 'table' ? wrapped(panel.fieldConfig) : panel.fieldConfig,
    isAfterPluginChange: false,
  });
  let data: DataFrame[] = [];
  try {
    const context = { interpolate: chosen };
    data = await lastValueFrom(transformDataFrame(panel.transformations ?? [], frames(panel.targets, answers), context));
  } catch (error) {
    fault(panel.id, error);
  }
  data = applyFieldOverrides({
    data,
    fieldConfig,
    theme,
    timeZone: board.timezone,
    replaceVariables: chosen,
    fieldConfigRegistry: PLUGINS[panel.type].fieldConfigRegistry,
  });
  cacheFieldDisplayNames(data);
  const range = { from: dateTime(from), to: dateTime(to) };
  const Kind = KINDS[panel.type];
  return place(
    panel,
    <PanelChrome title={chosen(panel.title)} description={panel.description} width={wide(panel)} height={high(panel)}>
      {(width, height) => (
        <Guard id={panel.id}>
          <Kind
            options={options}
            fieldConfig={fieldConfig}
            frames={data}
            theme={theme}
            timeZone={board.timezone}
            timeRange={{ ...range, raw: range }}
            replaceVariables={chosen}
            width={width}
            height={height}
          />
        </Guard>
      )}
    </PanelChrome>
  );
}

/** What Grafana's table does with a board of version 11 as it loads it: wrapping became an option of the field. */
function wrapped({ defaults, overrides }: any) {
  const moved = ({ id, value }: any) =>
    id === 'custom.cellOptions' && value.wrapText ? [{ id, value }, { id: 'custom.wrapText', value: true }] : [{ id, value }];
  return {
    defaults: { ...defaults, custom: { ...defaults.custom, wrapText: defaults.custom.cellOptions.wrapText } },
    overrides: overrides.map((rule: any) => ({ ...rule, properties: rule.properties.flatMap(moved) })),
  };
}

const wide = ({ gridPos }: any) => gridPos.w * column - GAP;
const high = ({ gridPos }: any) => gridPos.h * (ROW + GAP) - GAP;

function place(panel: any, content: ReactNode): ReactNode {
  const { x, y } = panel.gridPos;
  const style = { left: x * column + GAP, top: y * (ROW + GAP), width: wide(panel), height: high(panel) };
  return (
    <section key={panel.id} data-panel={panel.id} style={{ position: 'absolute', ...style }}>
      {content}
    </section>
  );
}

async function draw() {
  const all = await Promise.all(
    board.panels.map((panel: any) => (panel.type === 'row' ? place(panel, <h2>{panel.title}</h2>) : prepared(panel)))
  );
  const bottom = Math.max(...board.panels.map(({ gridPos }: any) => gridPos.y + gridPos.h)) * (ROW + GAP);
  const root = createRoot(document.getElementById('board')!);
  const themed = (content?: ReactNode) => (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      {content}
    </ThemeContext.Provider>
  );
  // A table measures its words before it draws them, so the letters come first.
  flushSync(() => root.render(themed()));
  await Promise.all([400, 500].map((weight) => document.fonts.load(`${weight} 14px Inter`)));
  root.render(themed(<div style={{ position: 'relative', width: WIDTH, height: bottom }}>{all}</div>));
}

Object.assign(window, { drawn: draw(), settled: () => settled(faults), report: () => ({ faults, panels: seen() }) });
