// The four kinds of panel that the boards use, each put together from the components of @grafana/ui.
import {
  DataFrame,
  FieldDisplay,
  FieldType,
  GrafanaTheme2,
  TimeRange,
  VizOrientation,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
} from '@grafana/data';
import { BarGauge, BigValue, TimeSeries, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';

export interface Drawn {
  options: any;
  fieldConfig: any;
  frames: DataFrame[];
  theme: GrafanaTheme2;
  timeZone: string;
  timeRange: TimeRange;
  replaceVariables: (text: string) => string;
  width: number;
  height: number;
}

/** What a panel says when there is nothing to draw. */
function NoData({ fieldConfig }: Drawn) {
  return <div>{fieldConfig.defaults.noValue ?? 'No data'}</div>;
}

function values(drawn: Drawn): FieldDisplay[] {
  const { fieldConfig, options, replaceVariables, theme, frames, timeZone } = drawn;
  const { reduceOptions } = options;
  return getFieldDisplayValues({ fieldConfig, reduceOptions, replaceVariables, theme, data: frames, timeZone });
}

function Stat(drawn: Drawn) {
  const { options, theme, width, height } = drawn;
  return (
    <VizRepeater
      getValues={() => values(drawn)}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      source={drawn.frames}
      renderCounter={0}
      width={width}
      height={height}
      orientation={options.orientation}
      autoGrid
      renderValue={({ value, alignmentFactors, width, height, count }) => (
        <BigValue
          value={value.display}
          count={count}
          colorMode={options.colorMode}
          graphMode={options.graphMode}
          justifyMode={options.justifyMode}
          textMode={options.textMode}
          disableWideLayout={!options.wideLayout}
          alignmentFactors={alignmentFactors}
          theme={theme}
          width={width}
          height={height}
        />
      )}
    />
  );
}

function Bars(drawn: Drawn) {
  const { options, theme, width, height } = drawn;
  return (
    <VizRepeater
      getValues={() => values(drawn)}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      source={drawn.frames}
      renderCounter={0}
      width={width}
      height={height}
      orientation={options.orientation}
      minVizWidth={options.minVizWidth}
      minVizHeight={options.minVizHeight}
      maxVizHeight={options.maxVizHeight}
      itemSpacing={10}
      renderValue={({ value, alignmentFactors, orientation, width, height, count }) => (
        <BarGauge
          value={count === 1 ? { ...value.display, title: undefined } : value.display}
          field={value.field}
          display={value.view?.getFieldDisplayProcessor(value.colIndex!)}
          displayMode={options.displayMode}
          showUnfilled={options.showUnfilled}
          valueDisplayMode={options.valueMode}
          namePlacement={options.namePlacement}
          orientation={orientation as VizOrientation}
          alignmentFactors={alignmentFactors}
          isOverflow={false}
          theme={theme}
          width={width}
          height={height}
        />
      )}
    />
  );
}

function Table(drawn: Drawn) {
  const { options, fieldConfig, timeRange, width, height } = drawn;
  const frame = drawn.frames[options.frameIndex ?? 0];
  if (!frame?.fields.length || frame.length === 0) return <NoData {...drawn} />;
  return (
    <TableNG
      data={frame}
      width={width}
      height={height}
      noHeader={!options.showHeader}
      cellHeight={options.cellHeight}
      fieldConfig={fieldConfig}
      timeRange={timeRange}
      enableVirtualization
      structureRev={1}
    />
  );
}

function Curves(drawn: Drawn) {
  const { options, timeRange, timeZone, width, height } = drawn;
  const frames = drawn.frames.filter(({ fields }) => fields.some(({ type }) => type === FieldType.time));
  if (frames.every(({ length }) => length === 0)) return <NoData {...drawn} />;
  return (
    <TimeSeries
      frames={frames}
      structureRev={1}
      timeRange={timeRange}
      timeZone={timeZone}
      width={width}
      height={height}
      legend={options.legend}
      options={options}
    />
  );
}

export const KINDS: Record<string, (drawn: Drawn) => JSX.Element> = {
  stat: Stat,
  bargauge: Bars,
  table: Table,
  timeseries: Curves,
};
