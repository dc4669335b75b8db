"""The court's office: a process that takes signed applications of the console and has the lab's court sign them."""
