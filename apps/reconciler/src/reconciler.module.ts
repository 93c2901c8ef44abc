import { Module } from '@nestjs/common';
import { OpeningService } from './opening.service';

/** Compares the ledger with Zoho; for now, it brings the opening stock in. */
@Module({ providers: [OpeningService] })
export class ReconcilerModule {}
