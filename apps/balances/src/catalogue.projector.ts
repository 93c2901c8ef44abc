import { Controller, Inject } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { ApiExcludeController } from '@nestjs/swagger';
import { type StoredCatalogueEvent, storedCatalogueEvent } from '@tallystream/catalogue';
import {
  type BatchConsumer,
  OnBatch,
  OnStart,
  type ProjectionProgress,
  type StartPosition,
  type StreamMessage,
} from '@tallystream/jetstream';
import { type Fold, type PostgresProjection, writeCatalogue } from '@tallystream/projection-store';

import { CATALOGUE_PROGRESS, CATALOGUE_PROJECTION } from './tokens';

export const catalogue: BatchConsumer = {
  name: 'catalogue',
  stream: 'CATALOG',
  filter: 'catalog.>',
  maxBatch: 500,
};

/** The catalogue into the tables of items and warehouses. */
export const catalogueFold: Fold<StoredCatalogueEvent> = {
  projection: catalogue.name,
  begin: () => ({ write: writeCatalogue }),
};

@ApiExcludeController()
@Controller()
export class CatalogueProjector {
  constructor(
    @Inject(CATALOGUE_PROJECTION) private readonly projection: PostgresProjection<StoredCatalogueEvent>,
    @Inject(CATALOGUE_PROGRESS) private readonly progress: ProjectionProgress,
  ) {}

  @OnStart(catalogue)
  startFrom(@Payload() signal: AbortSignal): Promise<StartPosition | undefined> {
    return this.projection.start(signal);
  }

  @OnBatch(catalogue)
  async project(@Payload() messages: readonly StreamMessage[]): Promise<void> {
    await this.projection.project(messages.map(storedCatalogueEvent));
    const last = messages.at(-1);
    if (last) this.progress.advanced(last.seq);
  }
}
