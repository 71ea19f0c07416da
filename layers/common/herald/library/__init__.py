"""Library: what may be shown and by which right. Licences, types by content, images without places, consent."""
