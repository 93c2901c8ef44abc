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
import { type Fold, type PostgresProjection, writeCatalogue } from '@tallystream/projection-store';

import { CATALOGUE_PROGRESS, CATALOGUE_PROJECTION } from './tokens';

export const catalogue: BatchConsumer = {
  name: 'catalogue',
  stream: 'CATALOG',
  filter: 'catalog.>',
  maxBatch: 500,
};

/** The catalogue into the tables of items and warehouses. */
export const catalogueFold: Fold<StreamMessage> = {
  projection: catalogue.name,
  begin: () => ({
    write: (manager, messages) => writeCatalogue(manager, messages.map(storedCatalogueEvent)),
  }),
};

@ApiExcludeController()
@Controller()
export class CatalogueProjector {
  constructor(
    @Inject(CATALOGUE_PROJECTION) private readonly projection: PostgresProjection<StreamMessage>,
    @Inject(CATALOGUE_PROGRESS) private readonly progress: ProjectionProgress,
  ) {}

  @OnStart(catalogue)
  startFrom(@Payload() signal: AbortSignal): Promise<StartPosition | undefined> {
    return this.projection.start(signal);
  }

  @OnBatch(catalogue)
  async project(@Payload() messages: readonly StreamMessage[]): Promise<void> {
    await this.projection.project(messages);
    const last = messages.at(-1);
    if (last) this.progress.advanced(last.seq);
  }
}
