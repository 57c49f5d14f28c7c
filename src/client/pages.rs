//! Lists read page by page.

use super::calls::Client;
use crate::call::{cursor_scope, ended_early, hash, Event, PageLoop, Place, Taken};
use crate::core::{CallOptions, Error};
use crate::endpoint::{Endpoint, ListCoupons, ListOrders, ListSubscriptions, ListTransactions, ListWhitelabel};
use crate::model::{Coupon, OrderSummary, SubscriptionSummary, TransactionSummary, WhitelabelProvider};
use crate::transport::Transport;
use futures_core::Stream;
use std::future::{poll_fn, Future};
use std::pin::Pin;
use std::task::{ready, Context, Poll};

/// A list in pages: what [`Client::pages`] takes.
pub trait Paged: Endpoint + Unpin {
    /// What it lists.
    type Record;

    /// Its parameters `offset` and `limit`.
    fn place(&mut self) -> [&mut Option<u32>; 2];

    /// The records of an answer and how many match in all, if HighLevel says so.
    fn records(answer: Self::Answer) -> (Vec<Self::Record>, Option<f64>);

    /// The id by which a record is known again.
    fn id(record: &Self::Record) -> &str;
}

/// Declares which fields of its answer a list is read from.
macro_rules! paged {
    ($($list:ident -> $record:ident { $records:ident $(, $total:ident)? })*) => {
        $(
            impl Paged for $list {
                type Record = $record;

                fn place(&mut self) -> [&mut Option<u32>; 2] {
                    [&mut self.params.offset, &mut self.params.limit]
                }

                fn records(answer: Self::Answer) -> (Vec<$record>, Option<f64>) {
                    (answer.$records, None$(.or(Some(answer.$total)))?)
                }

                fn id(record: &$record) -> &str {
                    &record.id
                }
            }
        )*
    };
}

paged! {
    ListOrders -> OrderSummary { data, total_count }
    ListTransactions -> TransactionSummary { data, total_count }
    ListSubscriptions -> SubscriptionSummary { data, total_count }
    ListCoupons -> Coupon { data, total_count }
    ListWhitelabel -> WhitelabelProvider { providers }
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<R> {
    /// The records of this page that no page before delivered, newest first.
    pub data: Vec<R>,
    /// How many records match in all; where HighLevel names no total, how many are known so far.
    pub total_count: f64,
    /// Text to store: [`Pages::after`] goes on behind this page at any later time. `None` on the last page.
    pub cursor: Option<String>,
    /// Whether the list ended here although HighLevel counts more records: it gave the same pages again, or its total is too
    /// high. [`Transport::event`] is told so, too.
    pub incomplete: bool,
}

/// A list on its way from page to page.
#[derive(Debug)]
pub struct Reader<'a, T, E> {
    client: &'a Client<T>,
    /// The list with its filters; where a page starts is filled in for each.
    endpoint: E,
    options: CallOptions,
    /// What the caller asked for.
    offset: Option<u32>,
    limit: u32,
    list: PageLoop,
}

/// What reading on gives, and where it stands then.
type Read<'a, T, E> = (Reader<'a, T, E>, Result<Option<Page<<E as Paged>::Record>>, Error>);

impl<'a, T: Transport, E: Paged> Reader<'a, T, E> {
    fn new(client: &'a Client<T>, mut endpoint: E, options: &CallOptions) -> Self {
        let [offset, limit] = endpoint.place().map(Option::take);
        let limit = limit.unwrap_or(0);
        // What is wrong with the parameters is the error of the first page.
        let scope = client.call(&endpoint, options).map(|call| cursor_scope(&call.run.request)).unwrap_or_default();
        let list = PageLoop::new(scope, offset.unwrap_or(0), limit);
        Self { client, endpoint, options: options.clone(), offset, limit, list }
    }

    /// Goes on behind a page instead.
    fn resume(&mut self, cursor: &str) -> Result<(), Error> {
        let call = self.client.call(&self.endpoint, &self.options)?;
        let list = PageLoop::resume(cursor_scope(&call.run.request), cursor, self.offset, self.limit);
        self.list = list.map_err(|issue| Error::validation(Some(E::OPERATION), vec![issue]))?;
        Ok(())
    }

    /// Reads the next page that brings something new, or else the last one.
    async fn read(mut self) -> Read<'a, T, E> {
        while let Some(Place { offset, limit, background }) = self.list.next() {
            let places = self.endpoint.place();
            for (place, value) in places.into_iter().zip([offset, limit]) {
                *place = value;
            }
            if background {
                self.options.background.get_or_insert(true);
            }
            let answer = match self.client.send_with(&self.endpoint, &self.options).await {
                Ok(reply) => reply.data,
                Err(error) => return (self, Err(error)),
            };
            let (records, total) = E::records(answer);
            let ids: Vec<u64> = records.iter().map(|record| hash(E::id(record).as_bytes())).collect();
            if let Some(taken) = self.list.take(&ids, total) {
                let Taken { fresh, total_count, cursor, incomplete } = taken;
                let mut fresh = fresh.into_iter().peekable();
                let numbered = (0..).zip(records);
                let data = numbered.filter_map(|(index, record)| fresh.next_if_eq(&index).map(|_| record)).collect();
                if incomplete {
                    self.client.transport.event(E::OPERATION, Event::Drift(&ended_early()));
                }
                return (self, Ok(Some(Page { data, total_count, cursor, incomplete })));
            }
        }
        (self, Ok(None))
    }
}

/// The pages of a list, one after the other: a [`Stream`], and [`Self::next`] for who has no `StreamExt`.
///
/// The next page is asked for when it is polled for, not before. After an error it has ended.
#[derive(Debug)]
#[must_use = "a list is read when it is polled"]
pub struct Pages<'a, T, E, F> {
    idle: Option<Reader<'a, T, E>>,
    under_way: Option<Pin<Box<F>>>,
    /// Its future's type says whether the stream can go to another thread: when those of the transport can.
    read: fn(Reader<'a, T, E>) -> F,
}

impl<'a, T: Transport, E: Paged, F: Future<Output = Read<'a, T, E>>> Pages<'a, T, E, F> {
    fn new(reader: Reader<'a, T, E>, read: fn(Reader<'a, T, E>) -> F) -> Self {
        Self { idle: Some(reader), under_way: None, read }
    }

    /// Goes on behind the page that gave this [`Page::cursor`], in Rust or in JavaScript: a page of the same list with the
    /// same filters, location and base URL. For any other text, beside an `offset`, and when a page was already asked for,
    /// that is an [`ErrorKind::Validation`](crate::core::ErrorKind::Validation) error.
    pub fn after(mut self, cursor: &str) -> Result<Self, Error> {
        match self.idle.as_mut().filter(|reader| !reader.list.began()) {
            Some(reader) => reader.resume(cursor)?,
            None => return Err(Error::invalid("cursor", "comes too late: a page was already asked for")),
        }
        Ok(self)
    }

    /// The next page; `None` after the last one. Where this future is dropped nothing is lost: the next one goes on.
    pub async fn next(&mut self) -> Option<Result<Page<E::Record>, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// The single records of all pages.
    pub fn records(self) -> Records<Self, E::Record> {
        Records { pages: self, page: Vec::new().into_iter() }
    }
}

impl<'a, T, E: Paged, F: Future<Output = Read<'a, T, E>>> Stream for Pages<'a, T, E, F> {
    type Item = Result<Page<E::Record>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(reader) = this.idle.take() {
            this.under_way = Some(Box::pin((this.read)(reader)));
        }
        let Some(future) = &mut this.under_way else { return Poll::Ready(None) };
        let (reader, result) = ready!(future.as_mut().poll(context));
        this.under_way = None;
        if let Ok(Some(Page { cursor: Some(_), .. })) = result {
            this.idle = Some(reader);
        }
        Poll::Ready(result.transpose())
    }
}

/// The records of a list, each once: a [`Stream`], and [`Self::next`] for who has no `StreamExt`.
///
/// The next page is asked for when the records of the one before are used up. After an error it has ended.
#[derive(Debug)]
#[must_use = "a list is read when it is polled"]
pub struct Records<P, R> {
    pages: P,
    page: std::vec::IntoIter<R>,
}

impl<P: Stream<Item = Result<Page<R>, Error>> + Unpin, R> Records<P, R> {
    /// The next record; `None` after the last one.
    pub async fn next(&mut self) -> Option<Result<R, Error>> {
        poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<R, Error>>> {
        loop {
            if let Some(record) = self.page.next() {
                return Poll::Ready(Some(Ok(record)));
            }
            match ready!(Pin::new(&mut self.pages).poll_next(context)) {
                Some(Ok(page)) => self.page = page.data.into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

// Nothing in it is ever pinned.
impl<P: Unpin, R> Unpin for Records<P, R> {}

impl<P: Stream<Item = Result<Page<R>, Error>> + Unpin, R> Stream for Records<P, R> {
    type Item = Result<R, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(context)
    }
}

impl<T: Transport> Client<T> {
    /// Reads a list page by page. Each record that exists the whole time comes exactly once, while others are added and
    /// deleted. `limit` is the size of a page, `offset` where the first one starts.
    ///
    /// ```
    /// # use ghl_payments::{core::Error, transport::Transport, Client};
    /// use ghl_payments::endpoint::{ListOrders, ListOrdersParams};
    ///
    /// # async fn example<T: Transport>(client: Client<T>) -> Result<(), Error> {
    /// let params = ListOrdersParams { status: Some("completed".into()), limit: Some(50), ..Default::default() };
    /// let mut pages = client.pages(ListOrders { params });
    /// while let Some(page) = pages.next().await.transpose()? {
    ///     println!("{} of {}, to be continued at {:?}", page.data.len(), page.total_count, page.cursor);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn pages<'a, E: Paged + 'a>(
        &'a self,
        endpoint: E,
    ) -> Pages<'a, T, E, impl Future<Output = Read<'a, T, E>> + use<'a, T, E>> {
        Pages::new(Reader::new(self, endpoint, &CallOptions::default()), Reader::read)
    }

    /// Like [`Self::pages`], with options for each of its calls.
    pub fn pages_with<'a, E: Paged + 'a>(
        &'a self,
        endpoint: E,
        options: &CallOptions,
    ) -> Pages<'a, T, E, impl Future<Output = Read<'a, T, E>> + use<'a, T, E>> {
        Pages::new(Reader::new(self, endpoint, options), Reader::read)
    }
}
