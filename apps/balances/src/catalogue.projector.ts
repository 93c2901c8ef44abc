import { Controller, Inject } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { ApiExcludeController } from '@nestjs/swagger';
import { storedCatalogueEvent } from '@tallystream/catalogue';
import {
  type BatchConsumer,
  OnBatch,
  OnStart,
  type ProjectionProgress,
  type StartPosition,
  type StreamMessage,
} from '@tallystream/jetstream';
import { type PostgresProjection, writeCatalogue } from '@tallystream/projection-store';

import { CATALOGUE_PROGRESS, CATALOGUE_PROJECTION } from './tokens';

export const catalogue: BatchConsumer = {
  name: 'catalogue',
  stream: 'CATALOG',
  filter: 'catalog.>',
  maxBatch: 500,
};

/** Folds the catalogue into the tables of items and warehouses. */
@ApiExcludeController()
@Controller()
export class CatalogueProjector {
  constructor(
    @Inject(CATALOGUE_PROJECTION) private readonly projection: PostgresProjection,
    @Inject(CATALOGUE_PROGRESS) private readonly progress: ProjectionProgress,
  ) {}

  @OnStart(catalogue)
  startFrom(@Payload() signal: AbortSignal): Promise<StartPosition | undefined> {
    return this.projection.start(signal);
  }

  @OnBatch(catalogue)
  async project(@Payload() messages: readonly StreamMessage[]): Promise<void> {
    const last = messages.at(-1);
    if (!last) return;
    const events = messages.map(storedCatalogueEvent);
    await this.projection.apply(last.seq, (manager) => writeCatalogue(manager, events));
    this.progress.advanced(last.seq);
  }
}
