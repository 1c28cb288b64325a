By0J
‰šwQQzš_Y