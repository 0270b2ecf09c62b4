"""A small wiki that takes in the history of a git repository through GraphQL, and proves that nothing was lost."""
