import { Body, Controller, Inject, Param, Post } from '@nestjs/common';
import { ContextStore } from '@fastpaca/context-store';
import { CONTEXT_STORE } from '@fastpaca/nestjs';

/** The application's own routes use the store without HTTP. */
@Controller('orders')
export class OrdersController {
  constructor(@Inject(CONTEXT_STORE) private readonly store: ContextStore) {}

  @Post(':id/notes')
  async note(@Param('id') id: string, @Body() body: { readonly text: string }) {
    await this.store.put(`order-${id}`, {});
    const parts = [{ type: 'text', text: body.text }];
    const { version } = await this.store.append(`order-${id}`, [{ role: 'user', parts }]);
    return { version };
  }
}
