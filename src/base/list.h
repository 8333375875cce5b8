/* An intrusive doubly linked list. A ListNode that is in no list has next == NULL. */
#ifndef US_BASE_LIST_H
#define US_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ListNode {
	struct ListNode *prev, *next;
} ListNode;

typedef struct List {
	ListNode head;
	size_t count;
} List;

#define list_item(node, type, member) ((type *)((char *)(node)-offsetof(type, member)))

static inline void list_init(List *l)
{
	l->head.prev = l->head.next = &l->head;
	l->count = 0;
}

static inline bool list_linked(const ListNode *n)
{
	return n->next != NULL;
}

static inline void list_append(List *l, ListNode *n)
{
	n->prev = l->head.prev;
	n->next = &l->head;
	l->head.prev->next = n;
	l->head.prev = n;
	l->count++;
}

static inline void list_remove(List *l, ListNode *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	n->prev = n->next = NULL;
	l->count--;
}

/* First node, or NULL when the list is empty. */
static inline ListNode *list_first(const List *l)
{
	return l->count ? l->head.next : NULL;
}

/* The node after n, or NULL at the end. */
static inline ListNode *list_after(const List *l, const ListNode *n)
{
	return n->next == &l->head ? NULL : n->next;
}

static inline ListNode *list_pop(List *l)
{
	ListNode *n = list_first(l);
	if (n)
		list_remove(l, n);
	return n;
}

#endif
