"""Flask extensions, unbound; `study_app.app` binds them to an application."""

from flask_bootstrap import Bootstrap5
from flask_limiter import Limiter
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect

from study_app.addresses import sender
from study_app.database import Base

# Rows stay readable after a commit, so that a page needs no second query.
db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})
migrate = Migrate()
csrf = CSRFProtect()
bootstrap = Bootstrap5()
login_manager = LoginManager()
limiter = Limiter(sender)
