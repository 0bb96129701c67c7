"""Who a person is: the identity vault."""
