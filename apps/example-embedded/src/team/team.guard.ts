import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';

/** Stands for whatever the application knows its users by. */
@Injectable()
export class TeamGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
    return headers['x-team'] === 'support';
  }
}
