import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { StockAnswer } from '@tallystream/contracts';
import { NeedsRole } from '@tallystream/platform';
import type { Response } from 'express';
import {
  StockBulkBody,
  StockBulkQuery,
  StockDto,
  StockListQuery,
  StockParams,
  StockQuery,
  StocksDto,
} from './stock.dto';
import { UnifiedStock } from './unified-stock';

/** Answers are sent as they are made: this is the busiest door of the house. */
@ApiTags('stock')
@NeedsRole('reader')
@Controller('stock')
export class StockController {
  constructor(private readonly stock: UnifiedStock) {}

  @Get()
  @ApiOperation({ summary: 'How many of each of some items can be sold' })
  @ApiOkResponse({ type: StocksDto.Output })
  async list(@Query() { itemIds, ...question }: StockListQuery, @Res() response: Response): Promise<void> {
    send(response, textByItem(await this.stock.read(itemIds, question)));
  }

  @Post('bulk')
  @HttpCode(200)
  @ApiOperation({ summary: 'How many of each of many items can be sold' })
  @ApiOkResponse({ type: StocksDto.Output })
  async bulk(
    @Body() { itemIds }: StockBulkBody,
    @Query() question: StockBulkQuery,
    @Res() response: Response,
  ): Promise<void> {
    send(response, textByItem(await this.stock.read(itemIds, question)));
  }

  @Get(':itemId')
  @ApiOperation({ summary: 'How many of an item can be sold' })
  @ApiOkResponse({ type: StockDto.Output })
  async one(
    @Param() { itemId }: StockParams,
    @Query() question: StockQuery,
    @Res() response: Response,
  ): Promise<void> {
    const [answer] = await this.stock.read([itemId], question);
    send(response, JSON.stringify(answer));
  }
}

/** Written as it goes out, without the object in between: one with thousands of keys of its own takes twice as long. */
const textByItem = (answers: readonly StockAnswer[]): string =>
  `{"items":{${answers.map((answer) => `${JSON.stringify(answer.itemId)}:${JSON.stringify(answer)}`).join(',')}}}`;

/** Ids, numbers and times: ASCII, which goes out as it is, together with the head. */
const send = (response: Response, text: string): void => {
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': text.length,
  });
  response.end(text, 'latin1');
};
